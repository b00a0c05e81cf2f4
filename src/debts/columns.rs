//! The columns of a debt file, in English or Spanish, in any order.

use crate::debts::csv::whole;
use crate::debts::error::ImportError;

/// A column's canonical name, its Spanish name, and whether a file must have it.
pub struct Column {
    pub name: &'static str,
    pub spanish: &'static str,
    pub required: bool,
}

const fn required(name: &'static str, spanish: &'static str) -> Column {
    Column { name, spanish, required: true }
}

const fn optional(name: &'static str, spanish: &'static str) -> Column {
    Column { name, spanish, required: false }
}

pub const COLUMNS: [Column; 26] = [
    required("lender", "acreedor"),
    required("person_ref", "cliente"),
    required("full_name", "nombre"),
    optional("first_name", "saludo"),
    required("document_type", "tipo_documento"),
    required("document", "documento"),
    optional("birth_date", "fecha_nacimiento"),
    optional("language", "idioma"),
    required("phones", "telefonos"),
    required("obligation_ref", "obligacion"),
    required("product", "producto"),
    required("product_name", "nombre_producto"),
    optional("status", "estado"),
    required("currency", "moneda"),
    required("as_of", "fecha_corte"),
    required("principal", "capital_vencido"),
    required("interest", "interes"),
    required("late_interest", "interes_mora"),
    required("fees", "gastos"),
    optional("principal_outstanding", "capital_total"),
    required("oldest_unpaid_due", "vencido_desde"),
    optional("next_due", "proximo_vencimiento"),
    optional("next_amount", "valor_proxima_cuota"),
    optional("rate_ea", "tasa_ea"),
    optional("instalments", "cuotas"),
    optional("tags", "etiquetas"),
];

/// Columns with this prefix are the lender's own and are not read.
const OWN_PREFIX: &str = "x_";

/// Which field of a row holds which column.
pub struct Header {
    fields: [Option<usize>; COLUMNS.len()],
    /// Fields without a heading, which must be empty in every row.
    unnamed: Vec<usize>,
    /// Up to the last heading.
    pub width: usize,
}

impl Header {
    /// `line` is the heading's.
    pub fn read<'a>(line: u64, names: impl Iterator<Item = &'a str>) -> Result<Self, Vec<ImportError>> {
        let mut header = Self { fields: [None; COLUMNS.len()], unnamed: Vec::new(), width: 0 };
        let mut errors = Vec::new();
        let heading = |name: &str, reason: &str, remedy: &str| heading(line, name, reason, remedy);
        for (field, name) in names.enumerate() {
            let name = name.trim().to_lowercase();
            if name.is_empty() {
                header.unnamed.push(field);
                continue;
            }
            header.width = field + 1;
            if name.starts_with(OWN_PREFIX) {
                continue;
            }
            match COLUMNS.iter().position(|column| column.name == name || column.spanish == name) {
                Some(index) if header.fields[index].is_none() => header.fields[index] = Some(field),
                Some(_) => errors.push(heading(&name, "the column is there twice", "remove one")),
                None => errors.push(heading(&name, "no such column", &nearest(&name))),
            }
        }
        header.unnamed.retain(|field| *field < header.width);
        if header.fields.iter().all(Option::is_none) {
            let names = "name the columns in the first line, as in docs/import.md: `lender`, `person_ref` …";
            return Err(vec![whole(line, "the line names no column of a debt file", names)]);
        }
        for (column, field) in COLUMNS.iter().zip(&header.fields) {
            if column.required && field.is_none() {
                let remedy = format!("add a column `{}` (or `{}`)", column.name, column.spanish);
                errors.push(heading(column.name, "the column is missing", &remedy));
            }
        }
        if errors.is_empty() { Ok(header) } else { Err(errors) }
    }

    /// The field of a column; `None` when the file does not have it.
    pub fn field(&self, name: &str) -> Option<usize> {
        let index = COLUMNS.iter().position(|column| column.name == name)?;
        self.fields[index]
    }

    /// The canonical name of what a field holds; `None` for a column of the lender's own.
    pub fn name(&self, field: usize) -> Option<&'static str> {
        let index = self.fields.iter().position(|at| *at == Some(field))?;
        COLUMNS.get(index).map(|column| column.name)
    }

    /// A value below no heading, or beyond the last.
    pub fn stray<'r>(&self, fields: impl Iterator<Item = &'r str>) -> Option<usize> {
        let is_below_none = |(field, value): (usize, &str)| {
            !value.trim().is_empty() && (field >= self.width || self.unnamed.contains(&field))
        };
        fields.enumerate().position(is_below_none)
    }
}

fn heading(line: u64, name: &str, reason: &str, remedy: &str) -> ImportError {
    ImportError {
        line,
        column: Some(name.chars().take(40).collect()),
        found: String::new(),
        reason: reason.to_owned(),
        remedy: remedy.to_owned(),
    }
}

fn nearest(name: &str) -> String {
    let names = COLUMNS.iter().flat_map(|column| [column.name, column.spanish]);
    let best = names
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .filter(|(similarity, _)| *similarity > 0.8);
    match best {
        Some((_, known)) => format!("did you mean `{known}`?"),
        None => format!("remove it, or call it `{OWN_PREFIX}{name}` to keep it unread"),
    }
}
