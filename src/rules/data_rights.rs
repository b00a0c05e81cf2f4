//! What a person may ask about their own data, what they may complain of or dispute, and by when the law wants it
//! answered, country by country.
//!
//! The terms are data with their sources in `data_rights.tsv`: a term that was not read in the law itself is the
//! shorter of those that were found. They are a start for counsel, not a replacement.
//!
//! Complaints (`queja`), petitions (`peticion`) and disputes (`disputa`), as of 30 November 2026. Colombia: Ley 1755 of
//! 2015, art. 14 and 32 (15 working days; 10 for documents and information), and Ley 1266 of 2008, art. 16 (15 working
//! days for a claim about what is reported). Peru: Ley 29571, art. 24, as of Ley 31435 of 2022 (15 working days). Chile:
//! Ley 19.496, art. 56 (10 working days; it binds who has SERNAC's seal). Mexico: Ley de Protección y Defensa al Usuario
//! de Servicios Financieros, art. 50 Bis (30 working days) and, for a disputed charge, Ley para la Transparencia y
//! Ordenamiento de los Servicios Financieros, art. 23 (45 days). Brazil: Decreto 11.034 of 2022, art. 13 (7 days).
//! Argentina: BCRA, Protección de los usuarios de servicios financieros (10 working days). What was reported to the credit
//! bureaus (`centrales`) is claimed from whoever reported it, in Colombia by Ley 1266 of 2008, art. 16. Insolvency has no term: it
//! stops us at once.

use crate::domain::time::Day;
use crate::rules::calendar::Calendar;

/// `country`, `right` (or `queja`, `peticion`, `disputa`), `days`, `unit`, first day in force, source; the newest row in
/// force counts.
const TERMS: &str = include_str!("data_rights.tsv");

/// Working days that are looked through; more than any term spans.
const DAYS_MAX: i64 = 120;

/// A request about the person's own data. Names are those of flows and of cases (`datos_…`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataRight {
    /// A copy, or what is held.
    Access,
    Correction,
    Erasure,
    /// The permission to use the data is taken back.
    Revocation,
    /// Who permitted it, and when.
    Authorisation,
}

impl DataRight {
    pub const ALL: [Self; 5] =
        [Self::Access, Self::Correction, Self::Erasure, Self::Revocation, Self::Authorisation];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "acceso",
            Self::Correction => "correccion",
            Self::Erasure => "supresion",
            Self::Revocation => "revocacion",
            Self::Authorisation => "autorizacion",
        }
    }

    /// The kind of its case.
    pub const fn case_kind(self) -> &'static str {
        match self {
            Self::Access => "datos_acceso",
            Self::Correction => "datos_correccion",
            Self::Erasure => "datos_supresion",
            Self::Revocation => "datos_revocacion",
            Self::Authorisation => "datos_autorizacion",
        }
    }

    pub fn of_case(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.case_kind() == kind)
    }
}

/// Kinds of case that have a term of their own name, and those that have another's.
const CLAIMS: [(&str, &str); 5] = [
    ("queja", "queja"),
    ("peticion", "peticion"),
    ("disputa", "disputa"),
    ("no_es_mia", "disputa"),
    ("centrales", "centrales"),
];

/// The name of the term that the table gives for a kind of case.
fn term_of(kind: &str) -> Option<&'static str> {
    let claim = || CLAIMS.into_iter().find(|(claim, _)| *claim == kind).map(|(_, term)| term);
    DataRight::of_case(kind).map(DataRight::name).or_else(claim)
}

/// By when a request must be answered, and the law that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerBy {
    pub day: Day,
    pub source: &'static str,
    /// The country's own term; else the shortest of all that are known.
    pub known: bool,
}

struct Term {
    country: &'static str,
    days: i64,
    working: bool,
    from: Day,
    source: &'static str,
}

/// The last day for an answer to a case of this kind that was opened on `asked`; `None` for a kind without a term. Working days are those of `calendar`, Monday to Friday without
/// holidays; the day of the request does not count.
pub fn answer_by(country: &str, kind: &str, asked: Day, calendar: &Calendar) -> Option<AnswerBy> {
    let in_force: Vec<Term> = terms(term_of(kind)?).filter(|term| term.from <= asked).collect();
    let of =
        |wanted: &str| in_force.iter().filter(|term| term.country == wanted).max_by_key(|term| term.from);
    let end = |term: &Term| AnswerBy {
        day: last_day(term, asked, calendar),
        source: term.source,
        known: term.country == country,
    };
    if let Some(term) = of(country) {
        return Some(end(term));
    }
    in_force.iter().filter_map(|term| of(term.country)).map(end).min_by_key(|end| end.day)
}

fn last_day(term: &Term, asked: Day, calendar: &Calendar) -> Day {
    if term.working { working_days_after(asked, term.days, calendar) } else { asked.plus_days(term.days) }
}

/// The `n`th working day after `asked`, which does not count itself.
pub fn working_days_after(asked: Day, n: i64, calendar: &Calendar) -> Day {
    let mut days = (1..=DAYS_MAX).map(|n| asked.plus_days(n)).filter(|day| calendar.is_business_day(*day));
    let nth = usize::try_from(n).unwrap_or(1).saturating_sub(1);
    days.nth(nth).unwrap_or_else(|| asked.plus_days(n))
}

fn terms(name: &str) -> impl Iterator<Item = Term> {
    TERMS.lines().skip(1).filter_map(move |line| {
        let mut fields = line.split('\t');
        let (country, of, days) = (fields.next()?, fields.next()?, fields.next()?);
        let (unit, from, source) = (fields.next()?, fields.next()?, fields.next()?);
        (of == name).then_some(())?;
        Some(Term {
            country,
            days: days.parse().ok()?,
            working: unit == "working",
            from: Day::parse(from)?,
            source,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{DataRight, TERMS, answer_by, terms};
    use crate::domain::time::Day;
    use crate::rules::calendar::HolidayTable;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn every_line_is_a_term_of_one_right_or_claim() {
        let names = DataRight::ALL.into_iter().map(DataRight::name).chain([
            "queja",
            "peticion",
            "disputa",
            "centrales",
        ]);
        let n: usize = names.map(|name| terms(name).count()).sum();
        assert_eq!(n, TERMS.lines().count() - 1);
        for right in DataRight::ALL {
            assert_eq!(DataRight::of_case(right.case_kind()), Some(right));
        }
        assert_eq!(DataRight::of_case("disputa"), None);
    }

    #[test]
    fn the_law_of_the_country_says_by_when() {
        let holidays = std::fs::read_to_string("flows/policies/holidays.csv").unwrap();
        let table = HolidayTable::parse("holidays.csv", &holidays).unwrap();
        for (country, right, asked, by, known) in [
            // Ten working days over two holidays of Colombia: 8 December and Christmas are beyond or within.
            ("CO", DataRight::Access, "2026-11-18", "2026-12-02", true),
            ("CO", DataRight::Erasure, "2026-11-18", "2026-12-10", true),
            ("CO", DataRight::Revocation, "2026-12-24", "2027-01-19", true),
            ("MX", DataRight::Correction, "2026-11-18", "2026-12-16", true),
            ("PE", DataRight::Erasure, "2026-11-18", "2026-12-02", true),
            ("CL", DataRight::Access, "2026-11-30", "2026-12-02", true),
            ("CL", DataRight::Access, "2026-12-01", "2026-12-31", true),
            ("AR", DataRight::Access, "2026-11-18", "2026-11-28", true),
            ("BR", DataRight::Erasure, "2026-11-18", "2026-12-03", true),
            ("EC", DataRight::Erasure, "2028-02-20", "2028-03-06", true),
            // Nobody knows the law of this country here: the shortest term of all.
            ("ZZ", DataRight::Access, "2026-12-02", "2026-12-12", false),
        ] {
            let calendar = table.calendar(country).or_else(|| table.calendar("CO")).unwrap();
            let found = answer_by(country, right.case_kind(), day(asked), &calendar).unwrap();
            assert_eq!((found.day, found.known), (day(by), known), "{country} {right:?} {asked}");
        }
    }

    #[test]
    fn a_complaint_a_petition_and_a_dispute_have_the_term_of_their_law() {
        let holidays = std::fs::read_to_string("flows/policies/holidays.csv").unwrap();
        let table = HolidayTable::parse("holidays.csv", &holidays).unwrap();
        for (country, kind, asked, by, known) in [
            ("CO", "queja", "2026-11-18", "2026-12-10", true),
            ("CO", "peticion", "2026-11-18", "2026-12-02", true),
            ("CO", "disputa", "2026-11-18", "2026-12-10", true),
            ("CO", "no_es_mia", "2026-11-18", "2026-12-10", true),
            ("CO", "centrales", "2026-11-18", "2026-12-10", true),
            ("BR", "queja", "2026-11-18", "2026-11-25", true),
            ("MX", "disputa", "2026-11-18", "2027-01-02", true),
            // Nobody knows the law of this country here: the shortest term of all.
            ("ZZ", "queja", "2026-11-18", "2026-11-25", false),
        ] {
            let calendar = table.calendar(country).or_else(|| table.calendar("CO")).unwrap();
            let found = answer_by(country, kind, day(asked), &calendar).unwrap();
            assert_eq!((found.day, found.known), (day(by), known), "{country} {kind}");
        }
        let calendar = table.calendar("CO").unwrap();
        for kind in ["insolvencia", "angustia", "tercero"] {
            assert_eq!(answer_by("CO", kind, day("2026-11-18"), &calendar), None, "{kind}");
        }
    }
}
