//! Mistakes of analysts: each is shown with its place, what is wrong, and what would be right.

use super::{PolicySet, parse, parse_rate_caps};
use crate::rules::calendar::HolidayTable;

const ANDINO: &str = include_str!("../../../flows/policies/andino.yaml");
const CAPS: &str = include_str!("../../../flows/policies/rate_caps.yaml");
const HOLIDAYS: &str = include_str!("../../../flows/policies/holidays.csv");

/// The diagnostics of Andino's policy after replacing `right` by `wrong`, without the file name.
fn mistakes(right: &str, wrong: &str) -> Vec<String> {
    assert!(ANDINO.contains(right), "{right}");
    let diagnostics = parse("andino.yaml", &ANDINO.replacen(right, wrong, 1)).unwrap_err();
    diagnostics.iter().map(|d| d.to_string().replacen("andino.yaml:", "", 1)).collect()
}

/// The line of the first `text` in Andino's policy, from 1.
fn line(text: &str) -> usize {
    ANDINO.lines().position(|line| line.contains(text)).unwrap() + 1
}

#[test]
fn a_misspelt_key_names_the_nearest() {
    let at = line("max_days: 10");
    assert_eq!(
        mistakes("max_days: 10", "maxdays: 10"),
        [
            format!("{at}:14: `max_days` is missing; add `max_days: 10`"),
            format!("{at}:16: `maxdays` is not a key of this part; did you mean `max_days`?"),
        ]
    );
}

#[test]
fn mistakes_of_all_parts_are_shown_at_once() {
    let text = ANDINO
        .replace("currency: COP", "currency: COPP")
        .replace("frequency: fortnightly", "frequency: quincenal")
        .replace("discount_max: 40%", "discount_max: 140%");
    let shown: Vec<String> = parse("a.yaml", &text).unwrap_err().iter().map(ToString::to_string).collect();
    assert!(
        shown[0].ends_with("`COPP` is not a currency that is supported; did you mean `COP`?"),
        "{shown:#?}"
    );
    assert!(shown[1].contains("`140%` is not a share from 0% to 100%"), "{shown:#?}");
}

#[test]
fn a_waiver_above_the_limit_is_refused_where_it_is_written() {
    let shown = mistakes("waiver: { principal: 10%", "waiver: { principal: 15.5%");
    let at = line("waiver: { principal: 10%");
    assert_eq!(
        shown,
        [format!(
            "{at}:7: `principal` waives 15.50%, above `limits.waiver_max` of 15%; lower it, or have the limit raised"
        )]
    );
}

#[test]
fn a_rule_gives_exactly_one_kind_and_has_its_own_id() {
    let shown = mistakes("withhold: [refinancing]", "witthold: [refinancing]");
    assert!(
        shown[0].contains("this one gives 0") && shown[1].contains("did you mean `withhold`?"),
        "{shown:#?}"
    );
    let shown = mistakes("id: plan_1_30", "id: promesa_1_30");
    assert!(shown[0].contains("is the id of the rule in line"), "{shown:#?}");
}

#[test]
fn a_rule_that_can_never_be_reached_is_a_mistake() {
    let shown = mistakes(
        "when: { days_past_due: 91+ }\n    instalment_plan",
        "when: { days_past_due: 31-90 }\n    instalment_plan",
    );
    assert!(shown[0].contains("`plan_91` is never reached: `plan_31_90` takes all of it"), "{shown:#?}");
}

#[test]
fn numbers_and_places_outside_their_limits_are_refused() {
    for (right, wrong, told) in [
        ("max_days: 10", "max_days: 90", "a whole number from 0 to 60"),
        ("days_past_due: 1-30", "days_past_due: 30-1", "a range such as `1-30`"),
        ("time_zone: America/Bogota", "time_zone: America/Bogotá", "a time zone"),
        ("min_instalment: 30000", "min_instalment: \"30.000,50\"", "without separators of thousands"),
        ("url: https://pagos", "url: http://pagos", "an https address"),
        (
            "reference: \"{obligation}\"",
            "reference: \"{document}\"",
            "placeholders `{obligation}` and `{agreement}`",
        ),
        ("monday_to_friday: 08:00-18:00", "monday_to_friday: 18:00-08:00", "hours of a day"),
        ("monthly_rate: 1.8%", "monthly_rate: 1.8", "needs its unit (`1.8%`)"),
        ("withhold: [refinancing]", "withhold: [refinancin]", "did you mean `refinancing`?"),
    ] {
        let shown = mistakes(right, wrong);
        assert!(shown.len() == 1 && shown[0].contains(told), "{wrong}: {shown:#?}");
    }
}

#[test]
fn the_money_and_the_hour_of_another_country_are_refused_where_they_are_written() {
    let shown = mistakes("country: CO", "country: MX");
    let (currency, zone) = (line("currency: COP"), line("time_zone: America/Bogota"));
    let tax_id = line("holder_tax_id:");
    assert_eq!(
        shown,
        [
            format!("{currency}:11: `COP` is not the currency of MX; write `MXN`, or correct `country`"),
            format!(
                "{zone}:12: `America/Bogota` is not an hour of MX; write the zone where the lender is, such as \
                 `America/Mexico_City`, or correct `country`"
            ),
            format!(
                "{tax_id}:20: `900123456-8` is no RFC of a company: three letters, a date of six digits, three signs; \
                 copy it from the bank's certificate of the account"
            ),
        ]
    );
    assert_eq!(mistakes("time_zone: America/Bogota", "time_zone: America/Lima").len(), 1);
}

#[test]
fn where_the_law_sets_a_cap_none_is_refused() {
    let caps = |country: &str| {
        let entry = format!(
            "caps:\n  - {{ country: {country}, modality: libre, from: 2026-08-01, to: 2026-08-31, cap_ea: none, source: s }}\n"
        );
        parse_rate_caps("rate_caps.yaml", &entry)
    };
    assert!(caps("MX").is_ok());
    let shown = caps("CO").unwrap_err()[0].to_string();
    assert!(shown.starts_with("rate_caps.yaml:2:") && shown.contains("never `none`"), "{shown}");
}

#[test]
fn the_version_is_the_hash_of_the_content() {
    let first = parse("a.yaml", ANDINO).unwrap();
    let same = parse("b.yaml", ANDINO).unwrap();
    let other = parse("a.yaml", &format!("{ANDINO}# changed\n")).unwrap();
    assert_eq!(first.version.len(), 64);
    assert_eq!(first.version, same.version);
    assert_ne!(first.version, other.version);
}

#[test]
fn caps_that_overlap_or_lack_a_source_are_refused() {
    let twice = CAPS.replace("from: 2026-08-01, to: 2026-08-31", "from: 2026-07-31, to: 2026-08-31");
    let shown = parse_rate_caps("rate_caps.yaml", &twice).unwrap_err();
    assert!(shown[0].to_string().contains("these days overlap with the entry in line"), "{shown:#?}");
    let bare = "caps:\n  - { country: CO, modality: m, from: 2026-08-01, to: 2026-08-31, cap_ea: 29.66% }\n";
    let shown = parse_rate_caps("rate_caps.yaml", bare).unwrap_err();
    assert_eq!(
        shown[0].to_string(),
        "rate_caps.yaml:2:5: `source` is missing; add `source: \"SFC, Resolución …\"`"
    );
    let demonstration = include_str!("../../../fixtures/demo/rate_caps.yaml");
    assert!(parse_rate_caps("rate_caps.yaml", demonstration).is_ok());
}

#[test]
fn a_set_refuses_two_files_of_one_lender_and_unknown_countries() {
    let files = |extra: &'static str| {
        PolicySet::parse([
            ("andino.yaml", ANDINO),
            ("andino2.yaml", ANDINO),
            ("rate_caps.yaml", CAPS),
            ("holidays.csv", extra),
        ])
    };
    assert!(files(HOLIDAYS).unwrap_err()[0].to_string().contains("lender `andino` has two files"));
    assert!(HolidayTable::parse("holidays.csv", HOLIDAYS).is_ok());
    let ecuador = ANDINO
        .replace("country: CO", "country: EC")
        .replace("currency: COP", "currency: USD")
        .replace("America/Bogota", "America/Guayaquil");
    let mistakes = PolicySet::parse([("ec.yaml", ecuador.as_str()), ("holidays.csv", HOLIDAYS)]).unwrap_err();
    assert!(mistakes[0].to_string().contains("no holidays are known of `EC`"));
}
