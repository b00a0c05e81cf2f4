//! Lenders' debt files: one row per obligation with its person, `;`, `,` or tab, UTF-8 or Latin-1.
//!
//! One flat table is what a lender's system exports with a single query; `docs/import.md` describes every column.
//! Ids derive from the lender and its own references, so importing a file twice changes nothing.

use crate::debts::columns::Header;
use crate::debts::error::ImportError;
use crate::debts::rows::Rows;
use crate::domain::debt::{Obligation, Person};
use crate::domain::ids::{LenderId, ObligationId, PersonId, derive};
use crate::domain::time::{Timestamp, Zone};
use std::borrow::Cow;
use uuid::Uuid;

pub const FILE_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Mistakes that are listed; more are only counted.
pub const ERRORS_MAX: usize = 100;
/// Namespace of ids that derive from lenders' references; it must never change.
const NAMESPACE: Uuid = Uuid::from_u128(0x6c1f_0b7e_52ad_5d0e_9a41_7be0_43d2_f0c8);

/// The moment of the import and the lender's zone.
#[derive(Debug, Clone)]
pub struct ImportContext {
    pub now: Timestamp,
    pub zone: Zone,
}

/// Everything in a file that could be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DebtFile {
    /// Empty only when no row could be read.
    pub lender: Option<LenderId>,
    pub persons: Vec<Person>,
    pub obligations: Vec<Obligation>,
    pub tags: Vec<Tag>,
}

/// A word of the `tags` column, for whoever seeds samples and tests; an import does nothing with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    pub person: PersonId,
    pub obligation: Option<ObligationId>,
    pub tag: String,
}

/// The readable rows, and what is wrong with the others.
#[derive(Debug, Clone, Default)]
pub struct Import {
    pub file: DebtFile,
    pub rows: u64,
    /// The first [`ERRORS_MAX`].
    pub errors: Vec<ImportError>,
    pub errors_total: u64,
}

impl Import {
    /// The file when every row is right; otherwise nothing is to be imported.
    pub fn all_or_nothing(self) -> Result<DebtFile, Vec<ImportError>> {
        if self.errors_total == 0 { Ok(self.file) } else { Err(self.errors) }
    }

    fn report(&mut self, error: ImportError) {
        self.errors_total += 1;
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(error);
        }
    }
}

/// The person's id, from the lender's own reference.
pub fn person_id(lender: &LenderId, external_ref: &str) -> PersonId {
    PersonId(derive(&NAMESPACE, &format!("{lender}/person/{external_ref}")))
}

/// The obligation's id, from the lender's own number.
pub fn obligation_id(lender: &LenderId, external_ref: &str) -> ObligationId {
    ObligationId(derive(&NAMESPACE, &format!("{lender}/obligation/{external_ref}")))
}

/// Reads a whole file. Bad rows are left out of `file` and described in `errors`.
pub fn parse(bytes: &[u8], context: &ImportContext) -> Import {
    let mut import = Import::default();
    if bytes.len() > FILE_BYTES_MAX {
        import.report(whole(1, "the file is larger than 512 MiB", "split it by persons"));
        return import;
    }
    let text = line_ends(decode(bytes));
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter(&text))
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut rows = Rows::new(context);
    let mut header = None;
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(1, ::csv::Position::line);
                import.report(whole(line, "the row cannot be read", "check its quotes"));
                continue;
            }
        };
        let line = record.position().map_or(1, ::csv::Position::line);
        let Some(header) = &header else {
            match Header::read(record.iter()) {
                Ok(read) => header = Some(read),
                Err(errors) => {
                    errors.into_iter().for_each(|error| import.report(error));
                    return import;
                }
            }
            continue;
        };
        import.rows += 1;
        if let Err(errors) = rows.read(line, &record, header, &mut import.file) {
            errors.into_iter().for_each(|error| import.report(error));
        }
    }
    if import.rows == 0 && import.errors_total == 0 {
        import.report(whole(1, "the file has no rows", "export the debts with their heading"));
    }
    import
}

/// UTF-8 with or without a byte order mark, else Latin-1.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
    }
}

/// A lone carriage return ends a line too (old spreadsheets); only line feeds are counted as lines later.
fn line_ends(text: Cow<'_, str>) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let is_lone = |(at, byte): (usize, &u8)| *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    if bytes.iter().enumerate().any(is_lone) {
        return Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"));
    }
    text
}

fn delimiter(text: &str) -> u8 {
    let heading = text.lines().next().unwrap_or_default();
    let count = |delimiter: u8| heading.bytes().filter(|byte| *byte == delimiter).count();
    [b',', b';', b'\t'].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
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
