//! Lenders' debt files: one row per obligation with its person, `;`, `,` or tab, UTF-8 or Windows-1252.
//!
//! One flat table is what a lender's system exports with a single query; `docs/import.md` describes every column.
//! Ids derive from the lender and its own references, so importing a file twice changes nothing.

use crate::debts::encoding::DebtText;
use crate::debts::error::ImportError;
use crate::debts::reading::{Reader, Taken};
use crate::domain::debt::{Obligation, Person};
pub use crate::domain::ids::person_id;
use crate::domain::ids::{LenderId, ObligationId, PersonId, RECORDS, derive};
use crate::domain::money::Currency;
use crate::domain::time::{Timestamp, Zone};

pub const FILE_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Mistakes that are listed; more are only counted.
pub const ERRORS_MAX: usize = 100;

/// The moment of the import, and the lender's zone and currency.
#[derive(Debug, Clone)]
pub struct ImportContext {
    pub now: Timestamp,
    pub zone: Zone,
    pub currency: Currency,
}

/// Everything in a file that could be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DebtFile {
    /// Empty only when no row could be read.
    pub lender: Option<LenderId>,
    pub persons: Vec<Person>,
    pub obligations: Vec<Obligation>,
    /// The line of each obligation, in their order.
    pub lines: Vec<u64>,
    pub tags: Vec<Tag>,
}

/// A word of the `tags` column, for whoever seeds samples and tests; an import does nothing with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    pub person: PersonId,
    pub obligation: Option<ObligationId>,
    pub tag: String,
}

impl DebtFile {
    fn add(&mut self, taken: Taken) {
        let Taken { line, person, lender, new, obligation, tags } = taken;
        self.lender.get_or_insert(lender);
        self.persons.extend(new);
        let owed = obligation.as_ref().map(|obligation| obligation.id);
        if let Some(obligation) = obligation {
            self.obligations.push(obligation);
            self.lines.push(line);
        }
        self.tags.extend(tags.into_iter().map(|tag| Tag { person, obligation: owed, tag }));
    }
}

/// The readable rows, and what is wrong with the others.
#[derive(Debug, Clone, Default)]
pub struct Import {
    pub file: DebtFile,
    pub rows: u64,
    /// The first [`ERRORS_MAX`].
    pub errors: Vec<ImportError>,
    pub errors_total: u64,
    /// Values that were read without characters that nobody sees.
    pub cleaned: Option<Cleaned>,
    /// The first row whose open quote takes in the rows behind it, and the last line that it took in: those rows are
    /// neither read nor counted.
    pub swallowed: Option<(u64, u64)>,
}

/// How the rows of a file were: how many, and what is wrong with them.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    pub rows: u64,
    /// The first [`ERRORS_MAX`].
    pub errors: Vec<ImportError>,
    pub errors_total: u64,
    /// As in [`Import`].
    pub cleaned: Option<Cleaned>,
    /// As in [`Import`].
    pub swallowed: Option<(u64, u64)>,
}

impl Judged {
    pub(super) fn report(&mut self, error: ImportError) {
        self.errors_total += 1;
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(error);
        }
    }

    /// A file without any row is a mistake too.
    pub(super) fn end(&mut self) {
        if self.rows == 0 && self.errors_total == 0 {
            self.report(whole(1, "the file has no rows", "export the debts with their heading"));
        }
    }
}

/// Values that had invisible characters or spaces that do not break: they are read without, so that the same number
/// is the same in tomorrow's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned {
    pub n_values: u64,
    /// Place of the first; the column's canonical name, `None` for the heading and columns of the lender's own.
    pub line: u64,
    pub column: Option<&'static str>,
}

impl Import {
    /// The file when every row is right; otherwise nothing is to be imported.
    pub fn all_or_nothing(self) -> Result<DebtFile, Vec<ImportError>> {
        if self.errors_total == 0 { Ok(self.file) } else { Err(self.errors) }
    }

    fn of(file: DebtFile, judged: Judged) -> Self {
        let Judged { rows, errors, errors_total, cleaned, swallowed } = judged;
        Self { file, rows, errors, errors_total, cleaned, swallowed }
    }
}

/// The obligation's id, from the lender's own number.
pub fn obligation_id(lender: &LenderId, external_ref: &str) -> ObligationId {
    ObligationId(derive(&RECORDS, &format!("{lender}/obligation/{external_ref}")))
}

/// Reads a whole file into memory, which suits samples; an import reads row by row ([`Reader`]). Bad rows are left out
/// of `file` and described in `errors`.
pub fn parse(bytes: &[u8], context: &ImportContext) -> Import {
    let text = match DebtText::of(bytes.to_vec()) {
        Ok(text) => text,
        Err(error) => {
            let mut judged = Judged::default();
            judged.report(error);
            return Import::of(DebtFile::default(), judged);
        }
    };
    let (mut reader, mut file) = (Reader::new(&text, context), DebtFile::default());
    for taken in reader.by_ref() {
        file.add(taken);
    }
    Import::of(file, reader.judged())
}

/// A mistake of a whole row or file.
pub fn whole(line: u64, reason: &str, remedy: &str) -> ImportError {
    ImportError {
        line,
        column: None,
        found: String::new(),
        reason: reason.to_owned(),
        remedy: remedy.to_owned(),
    }
}
