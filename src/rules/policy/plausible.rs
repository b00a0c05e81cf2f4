//! Caps on interest that no authority can have certified: far above the others of their kind, unlike the current rate that their
//! source names, or without the year of what they were copied from.

use crate::domain::time::Day;
use crate::rules::policy::PolicySet;
use crate::rules::policy::document::{Diagnostic, Place};
use crate::rules::rate_cap::RateCap;
use rust_decimal::Decimal;

/// The highest caps that are believed, in hundredths of a percent a year. Colombia's for ordinary consumer credit was never above
/// 47.09 % (April of 2023); the shipped ones of credits of low amount are between 65 and 69 %.
const CEILINGS_BPS: [(&str, &str, i64); 2] =
    [("CO", "consumo_ordinario", 6_000), ("CO", "consumo_bajo_monto", 9_000)];
/// How far a cap may be above the one before it, in percent: the shipped ones move by 6 from a month to the next.
const RISE_PERCENT_MAX: i64 = 150;
/// Countries whose cap is one and a half times the current rate (IBC) that the authority certifies (Colombia: Código de Comercio,
/// art. 884), and by how much rounding may part them.
const HALF_AGAIN: [&str; 1] = ["CO"];
const ROUNDING: Decimal = Decimal::from_parts(2, 0, 0, false, 4);
/// How sources name the current rate: «IBC 19.49 %».
const CURRENT: &str = "IBC ";
/// Years of the sources of a rule that sets no cap, such as a law.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2100;

impl PolicySet {
    /// Caps that nobody can have certified, each with its line.
    pub fn implausible_caps(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for cap in &self.caps.0 {
            let wrongs = [self.too_high(cap), unlike_its_source(cap), undated(cap)];
            found.extend(wrongs.into_iter().flatten().map(|(what, remedy)| Diagnostic {
                file: self.caps_file.clone(),
                place: Place { line: cap.line, column: 1 },
                what: format!("the cap of {} in {} from {} {what}", cap.modality, cap.country, cap.from),
                remedy: remedy.to_owned(),
            }));
        }
        found
    }

    fn too_high(&self, cap: &RateCap) -> Option<(String, &'static str)> {
        let remedy = "copy it from what the authority published; a cap is what keeps interest lawful";
        let ea = cap.cap_ea?;
        let ceiling = CEILINGS_BPS
            .iter()
            .find(|(country, modality, _)| *country == cap.country && *modality == cap.modality)
            .map(|(_, _, bps)| Decimal::new(*bps, 4));
        if let Some(ceiling) = ceiling.filter(|ceiling| ea > *ceiling) {
            return Some((
                format!("is {}, and none was ever above {}", percent(ea), percent(ceiling)),
                remedy,
            ));
        }
        let (from, before) = self.nearest(cap)?;
        let most = before.checked_mul(Decimal::new(RISE_PERCENT_MAX, 2))?;
        (ea > most)
            .then(|| (format!("is {}, and that from {from} is {}", percent(ea), percent(before)), remedy))
    }

    /// The cap of the same kind that ends before this one begins; of the first one, the next.
    fn nearest(&self, cap: &RateCap) -> Option<(Day, Decimal)> {
        let same = |other: &&RateCap| other.country == cap.country && other.modality == cap.modality;
        let others = self.caps.0.iter().filter(same).filter(|other| other.from != cap.from);
        let dated = others.filter_map(|other| Some((other.from, other.cap_ea?)));
        let before = dated.clone().filter(|(from, _)| *from < cap.from).max_by_key(|(from, _)| *from);
        before.or_else(|| dated.min_by_key(|(from, _)| *from))
    }
}

/// The source names the current rate, and the cap is another one than follows from it.
fn unlike_its_source(cap: &RateCap) -> Option<(String, &'static str)> {
    let ea = cap.cap_ea.filter(|_| HALF_AGAIN.contains(&cap.country.as_str()))?;
    let (_, rest) = cap.source.split_once(CURRENT)?;
    let number: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.' || *c == ',').collect();
    let current: Decimal = number.replace(',', ".").parse().ok()?;
    let follows = current.checked_mul(Decimal::new(15, 3))?;
    ((ea - follows).abs() > ROUNDING).then(|| {
        (
            format!("is {}, and {number} % as current rate (IBC) makes {}", percent(ea), percent(follows)),
            "correct the one of the two that is wrong: the cap is one and a half times the current rate",
        )
    })
}

/// The source does not say of when it is: a cap is published in its own year or the one before.
fn undated(cap: &RateCap) -> Option<(String, &'static str)> {
    let years = years(&cap.source);
    let fits = |year: &i16| match cap.cap_ea {
        Some(_) => (cap.from.year() - 1..=cap.to.year()).contains(year),
        None => YEARS.contains(year),
    };
    (!years.iter().any(fits)).then(|| {
        (
            "has a source without its date".to_owned(),
            "write what it was copied from and of when, such as `SFC, Resolución 1260 de 2026`",
        )
    })
}

/// The numbers of four digits of a text.
fn years(text: &str) -> Vec<i16> {
    let numbers = text.split(|c: char| !c.is_ascii_digit());
    numbers.filter(|number| number.len() == 4).filter_map(|number| number.parse().ok()).collect()
}

fn percent(fraction: Decimal) -> String {
    format!("{}%", (fraction * Decimal::ONE_HUNDRED).round_dp(2).normalize())
}

#[cfg(test)]
mod tests {
    use crate::rules::policy::PolicySet;

    const CAPS: &str = include_str!("../../../flows/policies/rate_caps.yaml");

    fn told(caps: &str) -> Vec<String> {
        let set = PolicySet::parse([("rate_caps.yaml", caps)]).unwrap();
        set.implausible_caps().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_shipped_caps_are_plausible() {
        assert_eq!(told(CAPS), Vec::<String>::new());
    }

    #[test]
    fn a_cap_that_nobody_certified_is_told_with_its_line() {
        for (from, to, said) in [
            ("cap_ea: 29.24%", "cap_ea: 92.4%", "none was ever above 60%"),
            ("cap_ea: 29.24%", "cap_ea: 46%", "that from 2026-08-01 is 29.66%"),
            ("cap_ea: 25.01%", "cap_ea: 48%", "that from 2025-10-01 is 24.36%"),
            ("cap_ea: 65.46%", "cap_ea: 99%", "none was ever above 90%"),
            ("cap_ea: 29.24%", "cap_ea: 31.24%", "19.49 % as current rate (IBC) makes 29.24%"),
            (
                "source: \"SFC, certificación de diciembre de 2025 (El Espectador, 2025-11-28)\"",
                "source: \"la oficina\"",
                "a source without its date",
            ),
            (
                "Servicios Financieros, DOF del 15 de junio de 2007",
                "Servicios Financieros",
                "a source without its date",
            ),
        ] {
            assert!(CAPS.contains(from), "{from}");
            let edited = CAPS.replacen(from, to, 1);
            let line = CAPS.lines().position(|line| line.contains(from)).unwrap() + 1;
            let shown = told(&edited);
            let here = format!("rate_caps.yaml:{line}:");
            assert!(shown.iter().any(|one| one.starts_with(&here) && one.contains(said)), "{to}: {shown:#?}");
        }
    }
}
