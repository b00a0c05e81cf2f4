//! One row of a debt file: its values by column, and what is wrong with them.

use crate::debts::columns::Header;
use crate::debts::error::{ImportError, shape};
use crate::debts::plausible;
use crate::debts::spreadsheets;
use crate::debts::values::Mistake;

const CELL_CHARS_MAX: usize = 4_000;

/// One row and its mistakes.
pub struct Row<'r> {
    pub line: u64,
    pub record: &'r ::csv::StringRecord,
    pub header: &'r Header,
    pub errors: Vec<ImportError>,
}

impl<'r> Row<'r> {
    pub fn text(&self, column: &str) -> &'r str {
        self.header.field(column).and_then(|field| self.record.get(field)).unwrap_or_default().trim()
    }

    pub fn error(&mut self, column: &'static str, reason: &str, remedy: &str) {
        let found = match column {
            // Words of the lender's own lists are no personal data and say at once what is wrong.
            "status" | "currency" | "language" | "lender" => {
                format!("`{}`", self.text(column).chars().take(24).collect::<String>())
            }
            _ => shape(self.text(column)),
        };
        self.errors.push(ImportError {
            line: self.line,
            column: Some(column.to_owned()),
            found,
            reason: reason.to_owned(),
            remedy: remedy.to_owned(),
        });
    }

    pub fn needed(&mut self, column: &'static str) -> Option<String> {
        let text = self.text(column);
        if text.is_empty() {
            self.error(column, "the value is missing", "fill it in each row");
            return None;
        }
        if text.chars().count() > CELL_CHARS_MAX || text.chars().any(char::is_control) {
            self.error(column, "too long, or with control characters", "remove line breaks and tabs");
            return None;
        }
        if text.contains('\u{fffd}') {
            self.error(column, "a character was lost in another program", "export the file in UTF-8");
            return None;
        }
        Some(text.to_owned())
    }

    /// A value that names something: a document, an account, a customer.
    pub fn key(&mut self, column: &'static str) -> Option<String> {
        if let Some(Mistake { reason, remedy }) = spreadsheets::destroyed(self.text(column)) {
            self.error(column, reason, remedy);
            return None;
        }
        self.needed(column)
    }

    /// A name for people, in the letters that it is written with.
    pub fn name(&mut self, column: &'static str) -> Option<String> {
        let name = self.needed(column)?;
        if spreadsheets::is_garbled(&name) {
            self.error(column, "garbled: it was read in a wrong encoding before", "export the file in UTF-8");
            return None;
        }
        if let Err(Mistake { reason, remedy }) = plausible::name(&name) {
            self.error(column, reason, remedy);
            return None;
        }
        Some(name)
    }

    pub fn read<T>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Mistake>,
    ) -> Option<T> {
        parse(self.text(column)).map_err(|mistake| self.error(column, mistake.reason, mistake.remedy)).ok()
    }

    /// A name that a person bears.
    pub fn name_of_person(&mut self, column: &'static str) -> Option<String> {
        let name = self.name(column)?;
        if let Err(Mistake { reason, remedy }) = plausible::name_of_person(&name) {
            self.error(column, reason, remedy);
            return None;
        }
        Some(name)
    }

    pub fn name_of_product(&mut self, column: &'static str) -> Option<String> {
        let name = self.name(column)?;
        if let Err(Mistake { reason, remedy }) = plausible::name_of_product(&name) {
            self.error(column, reason, remedy);
            return None;
        }
        Some(name)
    }

    /// `Some(None)` for an empty value, `None` for a mistaken one.
    #[expect(clippy::option_option, reason = "absent, mistaken and present are three outcomes")]
    pub fn optional<T>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Mistake>,
    ) -> Option<Option<T>> {
        if self.text(column).is_empty() { Some(None) } else { self.read(column, parse).map(Some) }
    }

    /// A row without an obligation is a person without debt; amounts in it are a mistake.
    pub fn refuse_debt_without_number(&mut self) {
        for column in ["principal", "interest", "late_interest", "fees", "principal_outstanding"] {
            if !self.text(column).trim_matches(['0', '.', ',']).is_empty() {
                self.error(column, "an amount without an obligation", "fill `obligation_ref`");
            }
        }
    }
}
