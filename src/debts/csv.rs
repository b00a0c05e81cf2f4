//! Lenders' debt files: one row per obligation with its person, `;`, `,` or tab, UTF-8 or Windows-1252.
//!
//! One flat table is what a lender's system exports with a single query; `docs/import.md` describes every column.
//! Ids derive from the lender and its own references, so importing a file twice changes nothing.

use crate::debts::columns::Header;
use crate::debts::encoding::{Decoded, decode};
use crate::debts::error::ImportError;
use crate::debts::rows::Rows;
use crate::debts::spreadsheets::cleaned;
use crate::domain::debt::{Obligation, ObligationStatus, Person};
pub use crate::domain::ids::person_id;
use crate::domain::ids::{LenderId, ObligationId, PersonId, RECORDS, derive};
use crate::domain::money::Currency;
use crate::domain::time::{Day, Timestamp, Zone};
use std::collections::HashMap;

pub const FILE_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Mistakes that are listed; more are only counted.
pub const ERRORS_MAX: usize = 100;
/// Days after which whoever imports is told that a balance is old.
pub const OLD_AFTER_DAYS: i64 = 7;

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

    /// Reads heading and rows.
    fn read(&mut self, decoded: &Decoded<'_>, context: &ImportContext) {
        let (said, text) = said_delimiter(&decoded.text);
        let mut lines = Lines { text, at: 0, line: if said.is_some() { 2 } else { 1 } };
        let separator = said.unwrap_or_else(|| delimiter(text));
        let mut reader = ::csv::ReaderBuilder::new()
            .delimiter(separator)
            .flexible(true)
            .has_headers(false)
            .from_reader(text.as_bytes());
        let mut rows = Rows::new(context);
        let mut header: Option<(Header, ::csv::StringRecord)> = None;
        let mut records = reader.records();
        while let Some(record) = records.next() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    let line = lines.of(error.position());
                    self.report(whole(line, "the row cannot be read", "check its quotes"));
                    continue;
                }
            };
            let line = lines.of(record.position());
            if record.iter().all(|value| value.trim().is_empty()) {
                continue;
            }
            let record = self.clean(line, record, header.as_ref().map(|(header, _)| header));
            let Some((header, heading)) = &header else {
                match Header::read(line, record.iter()) {
                    Ok(read) => header = Some((read, record)),
                    Err(errors) => {
                        errors.into_iter().for_each(|error| self.report(error));
                        return;
                    }
                }
                continue;
            };
            self.rows += 1;
            if record == *heading {
                self.report(whole(line, "the heading stands here again", "remove the line"));
                continue;
            }
            // Not its first line alone: a quoted value may have several.
            let last = lines.last(records.reader().position());
            if holds_rows(&record, heading.len(), char::from(separator)) {
                self.swallowed.get_or_insert((line, last));
                let reason = format!("a quote is opened and takes in the rows up to line {last}");
                self.report(whole(line, &reason, "close the quote"));
            } else if let Some(odd) = decoded.odd_lines.range(line..=last).next() {
                self.report(decoded.odd(*odd));
            } else if let Err(errors) = rows.read(line, &record, header, &mut self.file) {
                errors.into_iter().for_each(|error| self.report(error));
            }
        }
    }

    /// The row without characters that nobody sees.
    fn clean(
        &mut self,
        line: u64,
        record: ::csv::StringRecord,
        header: Option<&Header>,
    ) -> ::csv::StringRecord {
        if record.as_slice().is_ascii() {
            return record;
        }
        let mut clean = ::csv::StringRecord::new();
        for (field, value) in record.iter().enumerate() {
            match cleaned(value) {
                None => clean.push_field(value),
                Some(value) => {
                    let column = header.and_then(|header| header.name(field));
                    self.cleaned.get_or_insert(Cleaned { n_values: 0, line, column }).n_values += 1;
                    clean.push_field(&value);
                }
            }
        }
        clean
    }

    fn report(&mut self, error: ImportError) {
        self.errors_total += 1;
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(error);
        }
    }
}

/// Documents and phones that several persons of a file have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shared {
    /// Persons whose document is another person's too: whoever knows it may prove to be any of them.
    pub documents: usize,
    /// Phones of at least [`SHARED_PHONE_MIN`] persons.
    pub phones: usize,
}

/// So many persons are no household any more.
pub const SHARED_PHONE_MIN: usize = 6;

/// Balances that are old news at the import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldBalances {
    pub n: usize,
    pub oldest: Day,
}

impl DebtFile {
    /// What several persons have in common that should be of one.
    pub fn shared(&self) -> Shared {
        let mut documents: HashMap<(&str, &str), usize> = HashMap::new();
        let mut phones: HashMap<&str, usize> = HashMap::new();
        for person in &self.persons {
            *documents
                .entry((person.document_type.as_str(), person.document.expose().as_str()))
                .or_default() += 1;
            for phone in &person.phones {
                *phones.entry(phone.expose()).or_default() += 1;
            }
        }
        Shared {
            documents: documents.values().filter(|n| **n > 1).sum(),
            phones: phones.values().filter(|n| **n >= SHARED_PHONE_MIN).count(),
        }
    }

    /// Balances of more than [`OLD_AFTER_DAYS`] days ago, but of debts that are settled.
    pub fn old_balances(&self, context: &ImportContext) -> Option<OldBalances> {
        let since = context.zone.day(context.now).plus_days(-OLD_AFTER_DAYS);
        let open = self.obligations.iter().filter(|debt| debt.status != ObligationStatus::Settled);
        let old = open.map(|debt| context.zone.day(debt.balance.as_of)).filter(|as_of| *as_of < since);
        let (n, oldest) = old.fold((0, since), |(n, oldest), as_of| (n + 1, oldest.min(as_of)));
        (n > 0).then_some(OldBalances { n, oldest })
    }
}

/// The obligation's id, from the lender's own number.
pub fn obligation_id(lender: &LenderId, external_ref: &str) -> ObligationId {
    ObligationId(derive(&RECORDS, &format!("{lender}/obligation/{external_ref}")))
}

/// Reads a whole file. Bad rows are left out of `file` and described in `errors`.
pub fn parse(bytes: &[u8], context: &ImportContext) -> Import {
    let mut import = Import::default();
    if bytes.len() > FILE_BYTES_MAX {
        import.report(whole(1, "the file is larger than 512 MiB", "split it by persons"));
        return import;
    }
    let decoded = match decode(bytes) {
        Ok(decoded) => decoded,
        Err(error) => {
            import.report(error);
            return import;
        }
    };
    import.read(&decoded, context);
    if import.rows == 0 && import.errors_total == 0 {
        import.report(whole(1, "the file has no rows", "export the debts with their heading"));
    }
    import
}

/// Lines of a text, from 1. The reader's own count is one too low after `\r\n` and blank lines.
struct Lines<'t> {
    text: &'t str,
    /// Counted up to here.
    at: usize,
    /// The line of `at`.
    line: u64,
}

impl Lines<'_> {
    /// The line of the row that begins there or after the ends of lines that follow.
    fn of(&mut self, position: Option<&::csv::Position>) -> u64 {
        let begin = position.map_or(self.at, |position| usize::try_from(position.byte()).unwrap_or(self.at));
        let rest = self.text.as_bytes().get(begin..).unwrap_or_default();
        let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.line = self.up_to(begin + ends);
        self.at = self.at.max(begin + ends);
        self.line
    }

    /// The last line of the row after which the reader stands.
    fn last(&self, position: &::csv::Position) -> u64 {
        let end = usize::try_from(position.byte()).unwrap_or(self.at);
        let read = self.text.as_bytes().get(self.at..end).unwrap_or_default();
        // Without the end of its own line.
        let row = read.strip_suffix(b"\n").or(read.strip_suffix(b"\r")).unwrap_or(read);
        self.line + row.iter().filter(|byte| **byte == b'\n').count() as u64
    }

    fn up_to(&self, end: usize) -> u64 {
        let passed = self.text.as_bytes().get(self.at..end).unwrap_or_default();
        self.line + passed.iter().filter(|byte| **byte == b'\n').count() as u64
    }
}

/// Whether a value of several lines holds whole rows: lines with most of the separators of a row.
fn holds_rows(record: &::csv::StringRecord, n_columns: usize, separator: char) -> bool {
    let is_row = |line: &str| line.matches(separator).count() * 2 >= n_columns;
    n_columns > 2 && record.iter().any(|value| value.lines().skip(1).any(is_row))
}

/// Excel's first line `sep=;`, which is no heading: the separator, and the text after it.
fn said_delimiter(text: &str) -> (Option<u8>, &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let first = first.trim_end_matches('\r').trim_matches('"');
    match first.get(..4).filter(|begin| begin.eq_ignore_ascii_case("sep=")).map(|_| &first.as_bytes()[4..]) {
        Some([delimiter @ (b',' | b';' | b'\t')]) => (Some(*delimiter), rest),
        _ => (None, text),
    }
}

fn delimiter(text: &str) -> u8 {
    let heading = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
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
