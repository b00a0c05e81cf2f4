//! How records of the catalogue are worded in lists and summaries: `policies/wording.yaml`, per language.
//!
//! The words are data, so that nothing a debtor reads stands in this program.

mod calendar;
mod fit;

use crate::domain::outbound::limits::ROW_TITLE_MAX;
use crate::flow::catalogue::records;
use crate::flow::expr::Expr;
use crate::flow::expr::eval::Scope;
use crate::flow::text::closing::whole_debt;
use crate::flow::text::parse::{Piece, TextError, parse};
use crate::flow::text::render::render;
use crate::flow::text::{Part, Text};
use crate::flow::value::Value;
use crate::rules::policy::model::{BankTransfer, CashPoint};
use std::borrow::Cow;
use std::collections::BTreeMap;
use thiserror::Error;

/// The language whose words stand in where another has none.
pub const DEFAULT_LANGUAGE: &str = "es";

/// Every text that must be there in the default language.
pub const KEYS: [&str; 25] = [
    "deuda.titulo",
    "parte.capital",
    "parte.intereses",
    "parte.mora",
    "parte.gastos",
    "promesa.titulo",
    "promesa.resumen",
    "promesa.resumen_flexible",
    "plan.titulo",
    "plan.resumen",
    "plan.resumen_con_abono",
    "refinanciacion.titulo",
    "refinanciacion.resumen",
    "descuento.titulo",
    "descuento.resumen",
    CLOSING_SUMMARY,
    CLOSED,
    "despues.cuotas_y_saldo",
    "despues.saldo",
    "despues.cuotas",
    "despues.sin_dato",
    "transferencia",
    "punto",
    "documento",
    "documento.ejemplo",
];

/// Those, and the texts of the calendar of payments.
fn all_keys() -> impl Iterator<Item = &'static str> {
    KEYS.into_iter().chain(calendar::KEYS)
}

/// Of one country: `documento.MX`, `documento.MX.ejemplo`, `cat.MX`.
fn is_of_a_country(key: &str) -> bool {
    let Some(rest) = key.strip_prefix("documento.").or_else(|| key.strip_prefix("cat.")) else {
        return false;
    };
    let country = rest.strip_suffix(".ejemplo").unwrap_or(rest);
    country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// The summary of a settlement after which nothing is owed.
const CLOSING_SUMMARY: &str = "cierre.resumen";
/// What is said of what comes after it.
const CLOSED: &str = "despues.nada";

/// The texts of an offer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfferWords {
    /// Fits the title of a row in a list.
    pub title: String,
    /// Fits the description of a row.
    pub summary: String,
    /// What is left once it is kept; empty where there is nothing to say.
    pub afterwards: String,
}

#[derive(Debug, Error, PartialEq, Eq)]
pub enum WordingError {
    #[error("policies/wording.yaml: {0}")]
    Yaml(String),
    #[error("policies/wording.yaml: `{language}.{key}` is missing; add the text")]
    Missing { language: String, key: &'static str },
    #[error("policies/wording.yaml: `{language}.{key}` is no text of ours; remove it or use one of: {known}")]
    Unknown { language: String, key: String, known: String },
    #[error(
        "policies/wording.yaml: `{language}.{key}` says “{said}”, which is true only of offers that settle the whole \
         debt; say it in `{CLOSING_SUMMARY}` or `{CLOSED}`, which are shown for those alone"
    )]
    Closes { language: String, key: String, said: String },
    #[error("policies/wording.yaml: `{language}.{key}`: {why}")]
    Text { language: String, key: String, why: String },
}

/// Parsed texts by language and key.
#[derive(Debug, Clone, Default)]
pub struct Wording {
    texts: BTreeMap<String, BTreeMap<String, Text>>,
}

impl Wording {
    /// `languages` is the file as read: language → key → text.
    pub fn new(languages: &BTreeMap<String, BTreeMap<String, String>>) -> Result<Self, WordingError> {
        let mut texts = BTreeMap::new();
        for (language, entries) in languages {
            let mut parsed = BTreeMap::new();
            for (key, text) in entries {
                if !all_keys().any(|known| known == key) && !is_of_a_country(key) {
                    let known = all_keys().collect::<Vec<_>>().join(", ");
                    return Err(WordingError::Unknown {
                        language: language.clone(),
                        key: key.clone(),
                        known,
                    });
                }
                if ![CLOSING_SUMMARY, CLOSED].contains(&key.as_str())
                    && let Some(said) = whole_debt(&text.replace(['{', '}', '|'], " "))
                {
                    let (language, key) = (language.clone(), key.clone());
                    return Err(WordingError::Closes { language, key, said });
                }
                let text = compiled(key, text).map_err(|why| WordingError::Text {
                    language: language.clone(),
                    key: key.clone(),
                    why,
                })?;
                parsed.insert(key.clone(), text);
            }
            texts.insert(language.clone(), parsed);
        }
        let wording = Self { texts };
        for key in all_keys() {
            if wording.find(key, DEFAULT_LANGUAGE).is_none() {
                return Err(WordingError::Missing { language: DEFAULT_LANGUAGE.to_owned(), key });
            }
        }
        Ok(wording)
    }

    /// Fits a row of a list, and its number is always there: of the product's name the small words go first, then
    /// the last ones ("Crédito de libre inversión" → "Crédito libre"), then the end of the only one that is left.
    pub fn debt_title(&self, debt: &Value, language: &str) -> String {
        let mut debt = debt.clone();
        loop {
            let title = self.write("deuda.titulo", &debt, language);
            let excess = title.chars().count().saturating_sub(ROW_TITLE_MAX);
            let Value::Record(fields) = &mut debt else { return title };
            let Some(Value::Text(product)) = fields.get_mut("producto") else { return title };
            match fit::shorter(product, excess).filter(|_| excess > 0) {
                Some(shorter) => *product = shorter,
                None => return title,
            }
        }
    }

    /// The words of an offer of this flow kind (`promesa`, `plan`, `refinanciacion`, `descuento`) for a `deuda`.
    ///
    /// That nothing is owed afterwards is said where `cierra` holds, and nowhere else.
    pub fn offer(&self, kind: &str, offer: &Value, debt: &Value, language: &str) -> OfferWords {
        let closes = offer.at(&["cierra".to_owned()]) == Some(&Value::Bool(true));
        let write = |key: &str| self.write(key, offer, language);
        let summary = if kind == "descuento" && closes {
            write(CLOSING_SUMMARY)
        } else if kind == "plan" && !is_level(offer) {
            write("plan.resumen_con_abono")
        } else if kind == "promesa" && offer.at(&["flexible".to_owned()]) == Some(&Value::Bool(true)) {
            write("promesa.resumen_flexible")
        } else {
            write(&format!("{kind}.resumen"))
        };
        let afterwards = match kind {
            "plan" | "descuento" => self.afterwards(offer, debt, closes, language),
            _ => String::new(),
        };
        OfferWords { title: write(&format!("{kind}.titulo")), summary, afterwards }
    }

    /// What is left of a debt once an offer about what is overdue, or about all of it, is kept.
    fn afterwards(&self, offer: &Value, debt: &Value, closes: bool, language: &str) -> String {
        let field =
            |record: &Value, name: &str| record.at(&[name.to_owned()]).cloned().unwrap_or(Value::Nothing);
        let left = field(offer, "queda");
        let (amount, day) = (field(debt, "proxima_cuota"), field(debt, "proxima_fecha"));
        let goes_on = amount != Value::Nothing && day != Value::Nothing;
        let key = match (closes, goes_on, left != Value::Nothing) {
            (true, _, _) => CLOSED,
            (false, true, true) => "despues.cuotas_y_saldo",
            (false, true, false) => "despues.cuotas",
            (false, false, true) => "despues.saldo",
            (false, false, false) => "despues.sin_dato",
        };
        let fields = Value::record([
            ("titulo", field(debt, "titulo")),
            ("queda", left),
            ("proxima_cuota", amount),
            ("proxima_fecha", day),
        ]);
        self.write(key, &fields, language)
    }

    /// The parts of what is overdue that are not zero: "capital $358.200, intereses $64.300".
    pub fn parts(&self, debt: &Value, language: &str) -> String {
        let written = ["capital", "intereses", "mora", "gastos"].into_iter().filter(|part| {
            matches!(debt.at(&[(*part).to_owned()]), Some(Value::Money(amount)) if amount.is_positive())
        });
        let parts: Vec<String> =
            written.map(|part| self.write(&format!("parte.{part}"), debt, language)).collect();
        parts.join(", ")
    }

    pub fn transfer(&self, account: &BankTransfer, obligation: &str, language: &str) -> String {
        let fields = Value::record([
            ("banco", Value::text(&account.bank)),
            ("tipo", Value::text(&account.account_type)),
            ("cuenta", Value::text(&account.account_number)),
            ("titular", Value::text(&account.holder)),
            ("nit", Value::text(&account.holder_tax_id)),
            ("referencia", Value::text(account.reference.render(obligation, obligation))),
        ]);
        self.write("transferencia", &fields, language)
    }

    /// One line for each cash point.
    pub fn cash_points(&self, points: &[CashPoint], obligation: &str, language: &str) -> String {
        let lines: Vec<String> = points
            .iter()
            .map(|point| {
                let fields = Value::record([
                    ("red", Value::text(&point.network)),
                    ("convenio", Value::text(&point.convention)),
                    ("referencia", Value::text(point.reference.render(obligation, obligation))),
                ]);
                self.write("punto", &fields, language)
            })
            .collect();
        lines.join("\n")
    }

    /// What the identity question asks for of a document of this country ("los últimos 4 números de su cédula"), and an
    /// example of it.
    pub fn document(&self, country: &str, language: &str) -> (String, String) {
        let write = |end: &str| {
            let own = format!("documento.{country}{end}");
            let known = self.find(&own, language).or_else(|| self.find(&own, DEFAULT_LANGUAGE)).is_some();
            let key = if known { own } else { format!("documento{end}") };
            self.write(&key, &Value::Nothing, language)
        };
        (write(""), write(".ejemplo"))
    }

    fn find(&self, key: &str, language: &str) -> Option<&Text> {
        self.texts.get(language)?.get(key)
    }

    fn write(&self, key: &str, fields: &Value, language: &str) -> String {
        self.find(key, language)
            .or_else(|| self.find(key, DEFAULT_LANGUAGE))
            .map(|text| render(text, &Fields(fields), language))
            .unwrap_or_default()
    }
}

/// Whether the first payment is like the others, so that naming one of them hides nothing.
fn is_level(offer: &Value) -> bool {
    offer.at(&["primera_cuota".to_owned()]) == offer.at(&["cuota".to_owned()])
}

/// The fields of one record as the names of its texts.
struct Fields<'a>(&'a Value);

impl Scope for Fields<'_> {
    fn get(&self, root: &str) -> Option<Cow<'_, Value>> {
        self.0.at(&[root.to_owned()]).map(Cow::Borrowed)
    }
}

/// Fields that are such texts themselves.
const WORDED: [&str; 7] = ["titulo", "resumen", "despues", "partes", "calendario", "refinancia", "cat"];

/// The names that a text may show: the fields of its record.
fn names_of(key: &str) -> Vec<&'static str> {
    let record = |name: &str| -> Vec<&'static str> {
        let fields = records().into_iter().find(|(record, _)| *record == name).map(|(_, fields)| fields);
        let names = fields.unwrap_or_default().into_iter().map(|field| field.name);
        names.filter(|name| !WORDED.contains(name)).collect()
    };
    if let Some(names) = calendar::names_of(key) {
        return names;
    }
    match key {
        "deuda.titulo" => record("deuda"),
        "parte.capital" => vec!["capital"],
        "parte.intereses" => vec!["intereses"],
        "parte.mora" => vec!["mora"],
        "parte.gastos" => vec!["gastos"],
        CLOSED | "despues.sin_dato" => vec!["titulo"],
        "despues.cuotas_y_saldo" => vec!["titulo", "queda", "proxima_cuota", "proxima_fecha"],
        "despues.saldo" => vec!["titulo", "queda"],
        "despues.cuotas" => vec!["titulo", "proxima_cuota", "proxima_fecha"],
        "transferencia" => vec!["banco", "tipo", "cuenta", "titular", "nit", "referencia"],
        "punto" => vec!["red", "convenio", "referencia"],
        key if key.starts_with("documento") => Vec::new(),
        _ => record("oferta"),
    }
}

fn compiled(key: &str, text: &str) -> Result<Text, String> {
    let pieces = parse(text).map_err(|errors| match errors.first() {
        Some(TextError::Syntax(error)) => error.message.clone(),
        Some(TextError::Format { name, .. }) => format!("there is no format `{name}`"),
        None => "the text cannot be read".to_owned(),
    })?;
    let known = names_of(key);
    let mut parts = Vec::with_capacity(pieces.len());
    for piece in pieces {
        parts.push(match piece {
            Piece::Literal(literal) => Part::Literal(literal),
            Piece::Slot(slot) => {
                let name = &text[slot.path.at.clone()];
                if !known.contains(&name) {
                    return Err(format!("`{name}` is not one of {}", known.join(", ")));
                }
                Part::Slot { value: Expr::Path(vec![name.to_owned()]), format: slot.format }
            }
        });
    }
    // Whoever shows the record knows its class; the texts themselves are only parts of it.
    Ok(Text { parts, ..Text::default() })
}

#[cfg(test)]
mod tests {
    use super::{Wording, WordingError, all_keys};
    use crate::domain::money::{Currency, Money};
    use crate::flow::value::Value;
    use std::collections::BTreeMap;

    fn file(change: impl FnOnce(&mut BTreeMap<String, String>)) -> Result<Wording, WordingError> {
        let mut texts: BTreeMap<String, String> =
            all_keys().map(|key| (key.to_owned(), "x".to_owned())).collect();
        change(&mut texts);
        Wording::new(&BTreeMap::from([("es".to_owned(), texts)]))
    }

    #[test]
    fn an_offer_is_worded_by_its_kind() {
        let wording = file(|texts| {
            texts.insert("plan.titulo".to_owned(), "{cuotas} cuotas de {cuota|money}".to_owned());
        })
        .unwrap();
        let offer = Value::record([
            ("cuotas", Value::Int(3)),
            ("cuota", Value::Money(Money::new(14_408_000, Currency::Cop))),
        ]);
        for language in ["es", "en"] {
            let words = wording.offer("plan", &offer, &Value::Nothing, language);
            assert_eq!(words.title, "3 cuotas de $144.080");
        }
    }

    #[test]
    fn a_long_product_leaves_room_for_its_number() {
        let wording = file(|texts| {
            texts.insert("deuda.titulo".to_owned(), "{producto} {numero}".to_owned());
        })
        .unwrap();
        let title = |product: &str| {
            let debt = Value::record([("producto", Value::text(product)), ("numero", Value::text("••5003"))]);
            wording.debt_title(&debt, "es")
        };
        assert_eq!(title("Crédito de libre inversión"), "Crédito libre ••5003");
        assert_eq!(title("Crédito de vivienda"), "Crédito vivienda ••5003");
        assert_eq!(title("Electrodomésticosyhogar"), "Electrodoméstico… ••5003");
        assert_eq!(title("Microcrédito productivo"), "Microcrédito ••5003");
        assert_eq!(title("Tarjeta Andino"), "Tarjeta Andino ••5003");
    }

    #[test]
    fn a_document_is_named_by_its_country_or_in_general() {
        let wording = file(|texts| {
            texts.insert("documento".to_owned(), "el documento".to_owned());
            texts.insert("documento.ejemplo".to_owned(), "4821".to_owned());
            texts.insert("documento.MX".to_owned(), "la CURP".to_owned());
        })
        .unwrap();
        assert_eq!(wording.document("MX", "es"), ("la CURP".to_owned(), "4821".to_owned()));
        assert_eq!(wording.document("UY", "pt").0, "el documento");
        let unknown = file(|texts| {
            texts.insert("documento.mx".to_owned(), "x".to_owned());
        });
        assert!(matches!(unknown, Err(WordingError::Unknown { .. })));
    }

    #[test]
    fn only_an_offer_that_ends_the_debt_is_said_to_end_it() {
        let cop = |pesos: i64| Value::Money(Money::new(pesos * 100, Currency::Cop));
        let wording = file(|texts| {
            for (key, text) in [
                ("descuento.resumen", "al día con {total|money}"),
                ("cierre.resumen", "cierra con {total|money}"),
                ("despues.nada", "a paz y salvo"),
                ("despues.cuotas_y_saldo", "siguen {proxima_cuota|money}, quedan {queda|money}"),
                ("despues.cuotas", "siguen {proxima_cuota|money}"),
                ("despues.saldo", "quedan {queda|money}"),
                ("despues.sin_dato", "lo demás sigue"),
            ] {
                texts.insert(key.to_owned(), text.to_owned());
            }
        })
        .unwrap();
        let day = Value::Date(crate::domain::time::Day::parse("2026-12-14").unwrap());
        let goes_on = Value::record([("proxima_cuota", cop(561_300)), ("proxima_fecha", day)]);
        let ends = Value::record([("titulo", Value::text("Crédito"))]);
        let none = Value::Nothing;
        for (closes, left, debt, summary, afterwards) in [
            (true, cop(0), &ends, "cierra con $1.000", "a paz y salvo"),
            (false, cop(9_000), &goes_on, "al día con $1.000", "siguen $561.300, quedan $9.000"),
            (false, none.clone(), &goes_on, "al día con $1.000", "siguen $561.300"),
            (false, cop(9_000), &ends, "al día con $1.000", "quedan $9.000"),
            (false, none, &ends, "al día con $1.000", "lo demás sigue"),
        ] {
            let fields = [("total", cop(1_000)), ("cierra", Value::Bool(closes)), ("queda", left)];
            let words = wording.offer("descuento", &Value::record(fields), debt, "es");
            assert_eq!((words.summary.as_str(), words.afterwards.as_str()), (summary, afterwards));
        }
    }

    #[test]
    fn words_that_end_a_debt_are_refused_where_they_may_be_false() {
        for (key, text) in [
            ("descuento.resumen", "Paga {total|money} y queda a paz y salvo"),
            ("descuento.titulo", "Cierre su crédito"),
            ("plan.resumen", "La deuda total en {cuotas} cuotas"),
            ("despues.saldo", "Con eso liquida {titulo}"),
        ] {
            let refused = file(|texts| {
                texts.insert(key.to_owned(), text.to_owned());
            });
            let told = refused.unwrap_err().to_string();
            assert!(told.contains(&format!("`es.{key}` says")) && told.contains("cierre.resumen"), "{told}");
        }
    }

    #[test]
    fn parts_of_nothing_are_left_out() {
        let wording = file(|texts| {
            texts.insert("parte.capital".to_owned(), "capital {capital|money}".to_owned());
            texts.insert("parte.mora".to_owned(), "mora {mora|money}".to_owned());
        })
        .unwrap();
        let cop = |pesos: i64| Value::Money(Money::new(pesos * 100, Currency::Cop));
        let debt = |capital, mora| {
            Value::record([
                ("capital", cop(capital)),
                ("intereses", cop(0)),
                ("mora", cop(mora)),
                ("gastos", cop(0)),
            ])
        };
        assert_eq!(wording.parts(&debt(358_200, 9_850), "es"), "capital $358.200, mora $9.850");
        assert_eq!(wording.parts(&debt(0, 9_850), "es"), "mora $9.850");
    }

    #[test]
    fn a_missing_key_and_an_unknown_name_are_told() {
        let missing = file(|texts| {
            texts.remove("punto");
        });
        assert!(missing.unwrap_err().to_string().contains("`es.punto` is missing"));
        let unknown = file(|texts| {
            texts.insert("punto".to_owned(), "{banco}".to_owned());
        });
        assert!(unknown.unwrap_err().to_string().contains("`banco` is not one of red, convenio, referencia"));
    }
}
