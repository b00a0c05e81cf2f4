//! Every day on which an offer or an agreement is paid, and what a refinancing takes in and costs: in words, so that
//! nobody says yes to what was not read.

use super::{DEFAULT_LANGUAGE, Wording};
use crate::domain::debt::{AgreementKind, Offer};
use crate::domain::money::Money;
use crate::domain::time::Day;
use crate::flow::text::render::short_date;
use crate::flow::value::Value;
use crate::rules::rounding::floor_to_step;
use crate::rules::schedule::{BusinessDayRule, Frequency};

/// Days that are written out; of more payments the first ones are, the last one and the rule between them.
const DAYS_MAX: usize = 12;
/// Longest mean gap between two payments of a week and of a fortnight, whatever holidays do to them.
const WEEK_DAYS_MAX: i64 = 11;
const FORTNIGHT_DAYS_MAX: i64 = 22;

/// Texts of this file that must be there in the default language.
pub(super) const KEYS: [&str; 9] = [
    "calendario.semanal",
    "calendario.quincenal",
    "calendario.mensual",
    "calendario.sigue",
    "calendario.habil_siguiente",
    "calendario.habil_del_mes",
    "calendario.habil_anterior",
    "refinancia.capital",
    "refinancia.con_atrasos",
];

/// The names that a text of this file may show.
pub(super) fn names_of(key: &str) -> Option<Vec<&'static str>> {
    let (what, _) = key.split_once('.')?;
    match what {
        "calendario" => Some(vec!["fechas", "ultima_fecha"]),
        "refinancia" => Some(vec!["capital", "atrasos"]),
        "cat" => Some(vec!["cat"]),
        _ => None,
    }
}

impl Wording {
    /// "cada quincena: 15 dic, 30 dic, 15 ene 2027"; empty for one payment, whose day is told by itself.
    pub fn calendar(&self, days: &[Day], rule: BusinessDayRule, language: &str) -> String {
        let (Some(first), Some(last)) = (days.first(), days.last()) else { return String::new() };
        let gaps = i64::try_from(days.len() - 1).unwrap_or(i64::MAX);
        if gaps == 0 {
            return String::new();
        }
        let key = match how_often(last.days_since(*first) / gaps) {
            Frequency::Weekly => "calendario.semanal",
            Frequency::Fortnightly => "calendario.quincenal",
            Frequency::Monthly => "calendario.mensual",
        };
        let mut shown = Vec::with_capacity(DAYS_MAX);
        let mut year = first.year();
        for day in days.iter().take(DAYS_MAX) {
            shown.push(short_date(*day, day.year() != year, language));
            year = day.year();
        }
        let fields = |days: String| {
            Value::record([("fechas", Value::Text(days)), ("ultima_fecha", Value::Date(*last))])
        };
        let mut listed = shown.join(", ");
        if days.len() > DAYS_MAX {
            let rule = match rule {
                BusinessDayRule::None => None,
                BusinessDayRule::Following => Some("calendario.habil_siguiente"),
                BusinessDayRule::ModifiedFollowing => Some("calendario.habil_del_mes"),
                BusinessDayRule::Preceding => Some("calendario.habil_anterior"),
            };
            listed = self.write("calendario.sigue", &fields(listed), language);
            if let Some(rule) = rule {
                listed += &self.write(rule, &fields(String::new()), language);
            }
        }
        self.write(key, &fields(listed), language)
    }

    /// What a refinancing takes in: the principal, and the interest, late interest and fees in arrears, which bear no new
    /// interest. Empty for every other offer.
    pub fn refinanced(&self, offer: &Offer, debt: &Value, language: &str) -> String {
        if offer.kind != AgreementKind::Refinancing {
            return String::new();
        }
        let currency = offer.total.currency;
        let part = |name: &str| match debt.at(&[name.to_owned()]) {
            Some(Value::Money(amount)) => floor_to_step(amount.minor, amount.currency),
            Some(_) | None => 0,
        };
        let arrears: i64 = ["intereses", "mora", "gastos"].into_iter().map(part).sum();
        let interest: i64 = offer.payments.iter().map(|payment| payment.interest.minor).sum();
        let principal = offer.total.minor.saturating_sub(interest).saturating_sub(arrears);
        let money = |minor: i64| Value::Money(Money::new(minor, currency));
        let fields = Value::record([("capital", money(principal)), ("atrasos", money(arrears))]);
        let key = if arrears > 0 { "refinancia.con_atrasos" } else { "refinancia.capital" };
        self.write(key, &fields, language)
    }

    /// The yearly cost of a credit as the law of the lender's country has it told beside the rates; empty where there is
    /// no text for that country, and without interest.
    ///
    /// Mexico: CAT without IVA, to one decimal (Ley para la Transparencia y Ordenamiento de los Servicios Financieros, art.
    /// 8; Banco de México, Circular 21/2009, as of 30 November 2026). Our offers cost interest and nothing else, so that it
    /// is the true yearly rate of the schedule.
    pub fn yearly_cost(&self, country: &str, offer: &Offer, language: &str) -> String {
        const TENTH_PPM: i64 = 1_000;
        let key = format!("cat.{country}");
        let known = self.find(&key, language).or_else(|| self.find(&key, DEFAULT_LANGUAGE)).is_some();
        let Some(ppm) = offer.rate_ea_ppm.filter(|_| known) else { return String::new() };
        let tenths = Value::Percent(ppm.saturating_add(TENTH_PPM / 2) / TENTH_PPM * TENTH_PPM);
        self.write(&key, &Value::record([("cat", tenths), ("total", Value::Money(offer.total))]), language)
    }
}

const fn how_often(mean_gap_days: i64) -> Frequency {
    if mean_gap_days <= WEEK_DAYS_MAX {
        Frequency::Weekly
    } else if mean_gap_days <= FORTNIGHT_DAYS_MAX {
        Frequency::Fortnightly
    } else {
        Frequency::Monthly
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::time::Day;
    use crate::rules::policy::PolicySet;
    use crate::rules::schedule::{BusinessDayRule, Frequency, due_dates};
    use crate::service::wording::Wording;

    fn shipped() -> Wording {
        let names = ["andino.yaml", "rate_caps.yaml", "holidays.csv", "wording.yaml"];
        let files =
            names.map(|name| (name, std::fs::read_to_string(format!("flows/policies/{name}")).unwrap()));
        let policies = PolicySet::parse(files.iter().map(|(name, text)| (*name, text.as_str()))).unwrap();
        Wording::new(&policies.wording).unwrap()
    }

    fn days(first: &str, count: u32, frequency: Frequency) -> Vec<Day> {
        let holidays = std::fs::read_to_string("flows/policies/holidays.csv").unwrap();
        let table = crate::rules::calendar::HolidayTable::parse("holidays.csv", &holidays).unwrap();
        let calendar = table.calendar("CO").unwrap();
        let rule = BusinessDayRule::ModifiedFollowing;
        due_dates(Day::parse(first).unwrap(), count, frequency, rule, &calendar)
    }

    #[test]
    fn every_day_is_told_and_how_often() {
        let wording = shipped();
        let rule = BusinessDayRule::ModifiedFollowing;
        let told = |days: &[Day], language: &str| wording.calendar(days, rule, language);
        let fortnights = days("2026-12-15", 6, Frequency::Fortnightly);
        assert_eq!(
            told(&fortnights, "es"),
            "cada quincena: 15 dic, 31 dic, 15 ene 2027, 29 ene, 15 feb, 26 feb"
        );
        assert_eq!(
            told(&fortnights, "en"),
            "every fortnight: Dec 15, Dec 31, Jan 15 2027, Jan 29, Feb 15, Feb 26"
        );
        assert!(told(&days("2026-12-01", 3, Frequency::Weekly), "pt").starts_with("toda semana: 1 dez"));
        assert!(told(&days("2026-12-01", 2, Frequency::Monthly), "es").starts_with("cada mes: 1 dic, "));
        assert_eq!(told(&fortnights[..1], "es"), "");
        assert_eq!(told(&[], "es"), "");
    }

    #[test]
    fn of_many_days_the_first_the_last_and_the_rule_are_told() {
        let wording = shipped();
        let many = days("2026-12-30", 24, Frequency::Monthly);
        for language in ["es", "pt", "en"] {
            for rule in BusinessDayRule::ALL {
                let told = wording.calendar(&many, rule, language);
                let length = told.chars().count();
                assert!(length <= crate::flow::catalogue::CALENDAR, "{length}: {told}");
                assert!(told.contains("2028"), "{told}");
            }
        }
        let twelve = wording.calendar(&many[..12], BusinessDayRule::None, "es");
        assert_eq!(twelve.matches(", ").count(), 11, "{twelve}");
    }

    #[test]
    fn the_cat_is_told_in_mexico_alone() {
        let wording = shipped();
        let currency = crate::domain::money::Currency::Mxn;
        let offer = crate::domain::debt::Offer {
            id: "1".to_owned(),
            kind: crate::domain::debt::AgreementKind::Refinancing,
            obligation: crate::domain::ids::ObligationId(uuid::Uuid::nil()),
            total: crate::domain::money::Money::new(1_000_000, currency),
            discount: crate::domain::money::Money::zero(currency),
            leaves: None,
            payments: Vec::new(),
            monthly_rate_ppm: Some(30_000),
            rate_ea_ppm: Some(425_761),
            valid_until: Day::parse("2026-12-30").unwrap(),
            derivation: crate::domain::debt::Derivation {
                policy: "norte".to_owned(),
                policy_version: "1".to_owned(),
                rule: "r".to_owned(),
                inputs: Vec::new(),
            },
        };
        assert_eq!(wording.yearly_cost("MX", &offer, "es"), "; CAT 42.6\u{a0}% sin IVA");
        assert_eq!(wording.yearly_cost("CO", &offer, "es"), "");
        let free = crate::domain::debt::Offer { rate_ea_ppm: None, ..offer };
        assert_eq!(wording.yearly_cost("MX", &free, "es"), "");
    }
}
