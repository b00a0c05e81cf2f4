//! The sample people are what the demo says of them on any day: everybody is offered what their situation promises.
//!
//! The days are walked at the edges of each day in Bogotá, over the store that the simulation stands on.

use crate::contract::backends;
use acuerdo::app::read_policies;
use acuerdo::cli::sample;
use acuerdo::domain::debt::{AgreementKind, AgreementStatus, Obligation};
use acuerdo::domain::ids::LenderId;
use acuerdo::domain::time::{Day, Timestamp};
use acuerdo::ports::Store;
use acuerdo::ports::people::PersonFile;
use acuerdo::rules::offer::{OfferInput, PersonFacts, offers};
use acuerdo::rules::policy::{PolicySet, parse_rate_caps};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const EARLY: &str = "promise 1, instalment_plan 2, instalment_plan 3";
const MIDDLE: &str = "promise 1, instalment_plan 3, instalment_plan 4, instalment_plan 6, refinancing 12";
const MICRO: &str = "promise 1, instalment_plan 4, instalment_plan 6";

/// Reference, what the demo's list says, and what is offered for each obligation.
const PEOPLE: [(&str, &str, &[&str]); 16] = [
    ("C-1001", "Al día, vence en 18 días", &[""]),
    ("C-1002", "Al día, vence en 3 días", &[""]),
    ("C-1003", "20 días de mora", &[EARLY]),
    ("C-1004", "75 días de mora", &[MIDDLE]),
    ("C-1005", "200 días de mora", &["settlement 1, settlement 2, instalment_plan 6, instalment_plan 12"]),
    (
        "C-1006",
        "2 obligaciones, 45 días de mora",
        &["promise 1, instalment_plan 2, instalment_plan 3, instalment_plan 4", MIDDLE],
    ),
    ("C-1007", "Tiene una promesa en curso · 15 días de mora", &["agreed"]),
    ("C-1008", "Pagó todo", &[""]),
    ("C-1009", "En disputa", &[""]),
    ("C-1010", "Pidió que no le escriban · 40 días de mora", &[MIDDLE]),
    ("C-1011", "No tiene deudas", &[]),
    ("C-1012", "El número es de otra persona · 33 días de mora", &[MICRO]),
    ("C-1013", "60 días de mora", &[MICRO]),
    ("C-1014", "8 días de mora", &[EARLY]),
    ("C-1015", "64 días de mora", &[MIDDLE]),
    ("C-1016", "Rompió dos promesas · 25 días de mora", &["instalment_plan 2, instalment_plan 3"]),
];

/// The lender whose people these are, with the demo's own caps on interest.
struct Walk {
    policies: PolicySet,
    lender: LenderId,
}

impl Walk {
    fn new() -> Self {
        let mut policies = read_policies(Path::new("flows")).unwrap();
        policies.caps = parse_rate_caps("rate_caps.yaml", sample::RATE_CAPS).unwrap();
        Self { policies, lender: LenderId::from("andino") }
    }

    /// What is wrong with the sample that is seeded at this moment.
    async fn wrong(&self, store: &Arc<dyn Store>, now: Timestamp) -> Vec<String> {
        sample::import(store, &self.lender, &self.policies, now).await.unwrap();
        let people = sample::people(&self.lender, &self.policies, now).unwrap();
        let mut wrong = Vec::new();
        for (sample, (reference, situation, offered)) in people.iter().zip(PEOPLE) {
            assert_eq!(sample.person.external_ref, reference);
            if sample.situation != situation {
                wrong.push(format!("{reference} is listed as `{}`", sample.situation));
            }
            let file = store.person_file(&self.lender, sample.person.id).await.unwrap().unwrap();
            let found: Vec<String> =
                file.obligations.iter().map(|owed| self.offered(owed, &file, now)).collect();
            if found != offered {
                wrong.push(format!("{reference} is offered {found:?}"));
            }
        }
        assert_eq!(people.len(), PEOPLE.len());
        wrong
    }

    fn offered(&self, obligation: &Obligation, file: &PersonFile, now: Timestamp) -> String {
        let policy = self.policies.policy(&self.lender).unwrap();
        let (today, calendar) = (policy.zone.day(now), self.policies.calendar(&self.lender).unwrap());
        let of = file.agreements.iter().filter(|agreement| agreement.offer.obligation == obligation.id);
        let (broken, others): (Vec<_>, Vec<_>) =
            of.partition(|agreement| agreement.status == AgreementStatus::Broken);
        // The newest is the one that the bot tells.
        if let Some(running) = others.first() {
            let last = running.offer.payments.last().unwrap().due;
            assert_eq!(
                (running.status, running.offer.kind),
                (AgreementStatus::Active, AgreementKind::Promise)
            );
            return if last < today { format!("agreed until {last}") } else { "agreed".to_owned() };
        }
        let input = OfferInput {
            obligation,
            person: PersonFacts { hold: None, broken_promises: u32::try_from(broken.len()).unwrap() },
            today,
            now,
            caps: &self.policies.caps,
            calendar,
            has_active_agreement: false,
        };
        let offers = offers(policy, &input);
        assert!(offers.iter().all(|offer| offer.valid_until >= today && offer.payments[0].due >= today));
        let kinds = offers.iter().map(|offer| format!("{} {}", offer.kind.name(), offer.payments.len()));
        kinds.collect::<Vec<_>>().join(", ")
    }

    /// Of these days, each at its first and its last minute in the lender's zone, what is wrong.
    async fn over(&self, days: impl Iterator<Item = Day>) -> BTreeMap<String, Vec<String>> {
        let zone = &self.policies.policy(&self.lender).unwrap().zone;
        let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for day in days {
            for minute in [0, 23 * 60 + 59] {
                let store: Arc<dyn Store> = Arc::new(backends::memory());
                for what in self.wrong(&store, zone.at(day, minute)).await {
                    wrong.entry(what).or_default().push(format!("{day} at minute {minute}"));
                }
            }
        }
        wrong
    }
}

fn told(wrong: &BTreeMap<String, Vec<String>>) -> String {
    wrong
        .iter()
        .map(|(what, days)| format!("{what} on {} of the days, first {}\n", days.len(), days[0]))
        .collect()
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

#[tokio::test]
async fn the_sample_people_are_what_the_demo_says_on_every_day_of_more_than_a_year() {
    let first = day("2027-12-01");
    let wrong = Walk::new().over((0..430).map(|n| first.plus_days(n))).await;
    assert!(wrong.is_empty(), "{}", told(&wrong));
}

/// The last and first days of years, leap days, Easter weeks and long weekends, to the end of the invented caps.
#[tokio::test]
async fn the_sample_people_are_what_the_demo_says_around_odd_days_of_any_year() {
    let odd = (2024..=2048_i16).flat_map(|year| {
        let leap = Day::new(year, 2, 29);
        let week = leap.or(Day::new(year, 2, 28)).unwrap();
        let easter = Day::new(year, 3, 21).unwrap();
        let around = [Day::new(year, 1, 1).unwrap(), week, Day::new(year, 12, 31).unwrap()];
        let holy = (0..6).map(move |n| easter.plus_days(7 * n - 3));
        around.into_iter().chain(holy).chain(leap)
    });
    let wrong = Walk::new().over(odd).await;
    assert!(wrong.is_empty(), "{}", told(&wrong));
}

/// The demo keeps its database between runs.
#[tokio::test]
async fn the_demo_that_is_begun_again_days_later_shows_the_same_situations() {
    let walk = Walk::new();
    let store: Arc<dyn Store> = Arc::new(backends::memory());
    let zone = &walk.policies.policy(&walk.lender).unwrap().zone;
    let first = day("2026-11-29");
    for later in [0, 0, 1, 9, 10, 11, 45, 400] {
        let wrong = walk.wrong(&store, zone.at(first.plus_days(later), 600)).await;
        assert_eq!(wrong, Vec::<String>::new(), "{later} days later");
    }
}
