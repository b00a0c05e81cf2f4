//! Reads a debt file row by row: each good row as it is, each bad one into the verdict.

use crate::debts::columns::Header;
use crate::debts::csv::{Cleaned, ImportContext, Judged, whole};
use crate::debts::encoding::DebtText;
use crate::debts::rows::Rows;
use crate::debts::spreadsheets::cleaned;
use crate::domain::debt::{Obligation, Person};
use crate::domain::ids::{LenderId, PersonId};

/// A good row.
#[derive(Debug)]
pub struct Taken {
    pub line: u64,
    pub lender: LenderId,
    pub person: PersonId,
    /// The person, in the first of their rows.
    pub new: Option<Person>,
    pub obligation: Option<Obligation>,
    /// Words of the column `tags`.
    pub tags: Vec<String>,
}

/// The good rows of a file, in their order. Reading it again gives the same rows.
pub struct Reader<'t> {
    text: &'t DebtText,
    separator: u8,
    lines: Lines<'t>,
    records: ::csv::StringRecordsIntoIter<&'t [u8]>,
    /// With its record, which may stand in the file again.
    header: Option<(Header, ::csv::StringRecord)>,
    rows: Rows<'t>,
    judged: Judged,
    is_over: bool,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t DebtText, context: &'t ImportContext) -> Self {
        let (said, begun) = said_delimiter(text.text());
        let separator = said.unwrap_or_else(|| delimiter(begun));
        let records = ::csv::ReaderBuilder::new()
            .delimiter(separator)
            .flexible(true)
            .has_headers(false)
            .from_reader(begun.as_bytes())
            .into_records();
        Self {
            text,
            separator,
            lines: Lines { text: begun, at: 0, line: if said.is_some() { 2 } else { 1 } },
            records,
            header: None,
            rows: Rows::new(context),
            judged: Judged::default(),
            is_over: false,
        }
    }

    /// What was found in the rows up to here.
    pub fn judged(self) -> Judged {
        self.judged
    }

    /// One record: a row, the heading, or nothing that counts.
    fn take(&mut self, record: Result<::csv::StringRecord, ::csv::Error>) -> Option<Taken> {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = self.lines.of(error.position());
                self.judged.report(whole(line, "the row cannot be read", "check its quotes"));
                return None;
            }
        };
        let line = self.lines.of(record.position());
        if record.iter().all(|value| value.trim().is_empty()) {
            return None;
        }
        let record = clean(line, record, self.header.as_ref().map(|(header, _)| header), &mut self.judged);
        let Some((header, heading)) = &self.header else {
            match Header::read(line, record.iter()) {
                Ok(read) => self.header = Some((read, record)),
                Err(errors) => {
                    errors.into_iter().for_each(|error| self.judged.report(error));
                    self.is_over = true;
                }
            }
            return None;
        };
        self.judged.rows += 1;
        if record == *heading {
            self.judged.report(whole(line, "the heading stands here again", "remove the line"));
            return None;
        }
        // Not its first line alone: a quoted value may have several.
        let last = self.lines.last(self.records.reader().position());
        if holds_rows(&record, heading.len(), char::from(self.separator)) {
            self.judged.swallowed.get_or_insert((line, last));
            let reason = format!("a quote is opened and takes in the rows up to line {last}");
            self.judged.report(whole(line, &reason, "close the quote"));
            return None;
        }
        if let Some(odd) = self.text.odd_lines.range(line..=last).next() {
            self.judged.report(self.text.odd(*odd));
            return None;
        }
        match self.rows.read(line, &record, header) {
            Ok(taken) => Some(taken),
            Err(errors) => {
                errors.into_iter().for_each(|error| self.judged.report(error));
                None
            }
        }
    }
}

impl Iterator for Reader<'_> {
    type Item = Taken;

    fn next(&mut self) -> Option<Taken> {
        while !self.is_over {
            match self.records.next() {
                Some(record) => {
                    if let Some(taken) = self.take(record) {
                        return Some(taken);
                    }
                }
                None => self.is_over = true,
            }
            if self.is_over {
                self.judged.end();
            }
        }
        None
    }
}

/// The row without characters that nobody sees.
fn clean(
    line: u64,
    record: ::csv::StringRecord,
    header: Option<&Header>,
    judged: &mut Judged,
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
                judged.cleaned.get_or_insert(Cleaned { n_values: 0, line, column }).n_values += 1;
                clean.push_field(&value);
            }
        }
    }
    clean
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
