//! Agents' sentences by several pens: what is stopped, what passes, and where the finger points.

mod better;
mod disguises;
mod properties;

use super::{Known, mentions};
use crate::domain::assurance::Assurance;
use crate::domain::debt::{AgreementKind, Balance, Instalment, Obligation, ObligationStatus, Offer, Person};
use crate::domain::ids::{LenderId, ObligationId, PersonId};
use crate::domain::money::{Currency, Money};
use crate::domain::pii::Pii;
use crate::domain::time::{Day, Timestamp};
use crate::rules::lint::{Author, Chat, Fill, Hit, Instead, Lint};
use crate::rules::offer::{OfferInput, PersonFacts, offers, promise_range};
use crate::rules::policy::PolicySet;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A Wednesday.
const TODAY: &str = "2026-11-18";

/// A person of the desk with debts and what the policy offers for them.
struct Situation {
    lender: &'static str,
    today: &'static str,
    persons: Vec<Person>,
    debts: Vec<Obligation>,
    offers: Vec<Offer>,
    promises: Vec<(Money, Money)>,
    disputed: bool,
}

fn policies() -> PolicySet {
    let andino = include_str!("../../../flows/policies/andino.yaml");
    let files = [
        ("andino.yaml", andino),
        ("efecty.yaml", &efecty(andino)),
        ("norte.yaml", include_str!("../../../flows/policies/norte.yaml")),
        ("rate_caps.yaml", include_str!("../../../flows/policies/rate_caps.yaml")),
        ("holidays.csv", include_str!("../../../flows/policies/holidays.csv")),
    ];
    PolicySet::parse(files).unwrap()
}

/// A lender that is paid at Efecty and on its page only, and offers one plan of four payments.
fn efecty(andino: &str) -> String {
    let cut = |text: &str, from: &str, to: &str, with: &str| {
        let (start, end) = (text.find(from).unwrap(), text.find(to).unwrap());
        format!("{}{with}{}", &text[..start], &text[end..])
    };
    let plan = "rules:\n  - id: plan\n    when: { days_past_due: 31-90 }\n    instalment_plan: { payments: [4], \
                min_instalment: 50000, first_payment_days: 2, frequency: monthly }\n\n";
    let text = cut(andino, "rules:\n", "# Only the bank's own accounts", plan);
    let text = cut(&text, "  bank_transfer:", "  cash_points:", "");
    let baloto = "    - { network: Baloto, convention: \"950087\", reference: \"{obligation}\" }\n";
    assert!(text.contains(baloto) && text.contains("\"110342\"") && text.contains("phone: 601 555 0100"));
    text.replace(baloto, "")
        .replace("lender: andino", "lender: efecty")
        .replace("\"110342\"", "\"45210\"")
        .replace("phone: 601 555 0100", "phone: 01 8000 123 456")
}

fn lint() -> Lint {
    Lint::parse(include_str!("../../../flows/policies/lint.yaml")).unwrap()
}

fn person(lender: &str, name: (&str, &str), document: &str, phone: &str) -> Person {
    Person {
        id: PersonId(Uuid::from_u128(1)),
        lender: LenderId::new(lender),
        external_ref: "C-90417".to_owned(),
        full_name: Pii::new(name.0.to_owned()),
        first_name: Pii::new(name.1.to_owned()),
        document_type: "CC".to_owned(),
        document: Pii::new(document.to_owned()),
        birth_date: None,
        reserved: None,
        language: "es".to_owned(),
        phones: vec![Pii::new(phone.to_owned())],
    }
}

/// Amounts in whole units: principal, interest, late interest, fees, outstanding.
fn debt(
    lender: &str,
    (reference, product, name): (&str, &str, &str),
    parts: [i64; 5],
    (today, days): (&str, (i64, i64)),
) -> Obligation {
    let currency = if lender == "norte" { Currency::Mxn } else { Currency::Cop };
    let money = |units: i64| Money::new(units * 100, currency);
    let today = Day::parse(today).unwrap();
    Obligation {
        id: ObligationId(Uuid::from_u128(7)),
        lender: LenderId::new(lender),
        person: PersonId(Uuid::from_u128(1)),
        external_ref: reference.to_owned(),
        product: product.to_owned(),
        product_name: name.to_owned(),
        status: ObligationStatus::Active,
        currency,
        balance: Balance {
            as_of: Timestamp::parse_rfc3339(&format!("{today}T12:00:00Z")).unwrap(),
            principal: money(parts[0]),
            interest: money(parts[1]),
            late_interest: money(parts[2]),
            fees: money(parts[3]),
            principal_outstanding: Some(money(parts[4])),
        },
        oldest_unpaid_due: Some(today.plus_days(-days.0)),
        next_due: (days.1 > 0).then(|| Instalment {
            number: 9,
            due: today.plus_days(days.1),
            amount: money(561_300),
            paid: false,
        }),
        instalments: Vec::new(),
        rate_ea_bps: Some(2_387),
    }
}

fn situation(name: &str, set: &PolicySet) -> Situation {
    let today = if name == "salazar" { "2026-12-02" } else { TODAY };
    let (lender, persons, debts) = match name {
        "vehiculo" => (
            "andino",
            vec![person("andino", ("Marta Lucía Ríos Cano", "Marta"), "1018456723", "573105550199")],
            vec![debt(
                "andino",
                ("7304", "credito_consumo", "Crédito de vehículo"),
                [1_268_400, 342_700, 71_900, 45_000, 9_860_000],
                (today, (75, 16)),
            )],
        ),
        "tarjeta" => (
            "andino",
            vec![person("andino", ("Óscar Iván Duarte León", "Óscar"), "79412208", "573155550144")],
            vec![debt(
                "andino",
                ("558821", "tarjeta", "Tarjeta Andino Clásica"),
                [2_400_000, 512_350, 430_000, 70_000, 2_400_000],
                (today, (200, 0)),
            )],
        ),
        "norte" => (
            "norte",
            vec![person("norte", ("Rocío Treviño Garza", "Rocío"), "TEGR880412MNLRRC05", "528115550133")],
            vec![debt(
                "norte",
                ("30581", "credito_personal", "Préstamo personal"),
                [7_900, 1_100, 380, 100, 21_500],
                (today, (45, 0)),
            )],
        ),
        "salazar" => (
            "efecty",
            vec![person("efecty", ("Jorge Iván Salazar", "Jorge"), "1018456723", "573005550103")],
            vec![debt(
                "efecty",
                ("4471", "credito_consumo", "Crédito de vehículo"),
                [1_268_400, 342_700, 71_900, 45_000, 9_400_400],
                (today, (75, 12)),
            )],
        ),
        "nacida" | "disputa" => (
            "andino",
            vec![Person {
                birth_date: Day::parse("1958-03-07").map(Pii::new),
                ..person("andino", ("Elvira Inés Soto Mora", "Elvira"), "41559046", "573125550177")
            }],
            vec![debt(
                "andino",
                ("6618", "microcredito", "Microcrédito productivo"),
                [640_000, 120_500, 31_200, 18_300, 3_150_000],
                (today, (75, 16)),
            )],
        ),
        "nadie" => ("andino", Vec::new(), Vec::new()),
        other => panic!("no situation `{other}`"),
    };
    let id = LenderId::new(lender);
    let (policy, calendar) = (set.policy(&id).unwrap(), set.calendar(&id).unwrap());
    let input = |obligation| OfferInput {
        obligation,
        person: PersonFacts { hold: None, broken_promises: 0 },
        today: Day::parse(today).unwrap(),
        now: Timestamp::parse_rfc3339(&format!("{today}T15:00:00Z")).unwrap(),
        caps: &set.caps,
        calendar,
        has_active_agreement: false,
    };
    let given = debts.iter().flat_map(|debt| offers(policy, &input(debt))).collect();
    let promises = debts.iter().filter_map(|debt| promise_range(policy, &input(debt)));
    let promises = promises.map(|range| (range.least, range.most)).collect();
    Situation { lender, today, persons, debts, offers: given, promises, disputed: name == "disputa" }
}

impl Situation {
    fn hits(&self, text: &str, level: Assurance, set: &PolicySet, lint: &Lint) -> Vec<Hit> {
        let known = Known {
            level,
            policy: set.policy(&LenderId::new(self.lender)).unwrap(),
            today: Day::parse(self.today).unwrap(),
            persons: &self.persons,
            debts: &self.debts,
            agreements: &[],
            offers: &self.offers,
            promises: &self.promises,
            filed: &[],
            disputed: self.disputed,
            quiet: false,
        };
        lint.judge(text, chat(level), &mentions(text, &known, &[]), &self.instead("es", set))
    }

    /// What the desk fills a sentence to send instead with.
    fn instead<'a>(&self, language: &'a str, set: &PolicySet) -> Instead<'a> {
        let policy = set.policy(&LenderId::new(self.lender)).unwrap();
        let mut fill = Fill::from([
            ("prestamista", policy.name.clone()),
            ("telefono", policy.contact.phone.clone()),
            ("web", policy.contact.web.clone()),
            ("correo", policy.contact.email.clone()),
        ]);
        if let Some(transfer) = &policy.payment.bank_transfer {
            fill.insert("banco", transfer.bank.clone());
            fill.insert("tipo", transfer.account_type.clone());
            fill.insert("cuenta", transfer.account_number.clone());
            fill.insert("titular", transfer.holder.clone());
        }
        Instead { language, fill }
    }

    /// The sentence with the figures of its offers, which the policy makes.
    fn filled(&self, text: &str) -> String {
        let pesos = |amount: Money| {
            let digits = (amount.minor / 100).to_string();
            let groups: Vec<&str> =
                digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
            format!("${}", groups.join("."))
        };
        let plan = |n: usize| {
            self.offers
                .iter()
                .find(|offer| offer.kind == AgreementKind::InstalmentPlan && offer.payments.len() == n)
        };
        let settled = self.offers.iter().find(|offer| offer.kind == AgreementKind::Settlement);
        let mut text = text.to_owned();
        for (name, amount) in [
            ("{plan3}", plan(3).map(|offer| offer.payments[0].amount)),
            ("{plan6}", plan(6).map(|offer| offer.payments[0].amount)),
            ("{descuento}", settled.map(|offer| offer.total)),
            ("{ahorro}", settled.map(|offer| offer.discount)),
        ] {
            if text.contains(name) {
                text = text.replace(name, &pesos(amount.unwrap()));
            }
        }
        text
    }
}

fn chat(level: Assurance) -> Chat {
    Chat { author: Author::Agent, level, quiet: false, harmless: false }
}

struct Row {
    level: Assurance,
    person: String,
    class: String,
    text: String,
}

fn rows(file: &str) -> Vec<Row> {
    let lines = file.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [level, person, class, _, text] = fields[..] else { panic!("five fields: {line}") };
            Row {
                level: Assurance::parse(level).unwrap(),
                person: person.to_owned(),
                class: class.to_owned(),
                text: text.to_owned(),
            }
        })
        .collect()
}

/// For each row the classes that stop it.
fn judged(file: &str) -> Vec<(Row, Vec<String>)> {
    let (set, lint) = (policies(), lint());
    let mut known: BTreeMap<String, Situation> = BTreeMap::new();
    rows(file)
        .into_iter()
        .map(|mut row| {
            let situation = known.entry(row.person.clone()).or_insert_with(|| situation(&row.person, &set));
            row.text = situation.filled(&row.text);
            let hits = situation.hits(&row.text, row.level, &set, &lint);
            let classes = hits.into_iter().map(|hit| format!("{} {}", hit.class, hit.phrase)).collect();
            (row, classes)
        })
        .collect()
}

fn budget(bad: &str, good: &str) {
    let (bad, good) = (judged(bad), judged(good));
    let missed: Vec<String> = bad
        .iter()
        .filter(|(_, hits)| hits.is_empty())
        .map(|(row, _)| format!("missed  {} {}: {}", row.class, row.level.name(), row.text))
        .collect();
    let named =
        |row: &Row, hits: &[String]| row.class == "any" || hits.iter().any(|hit| hit.starts_with(&row.class));
    let other: Vec<String> = bad
        .iter()
        .filter(|(row, hits)| !hits.is_empty() && !named(row, hits))
        .map(|(row, hits)| format!("other   {} as {hits:?}: {}", row.class, row.text))
        .collect();
    let stopped: Vec<String> = good
        .iter()
        .filter(|(_, hits)| !hits.is_empty())
        .map(|(row, hits)| format!("stopped {} {hits:?}: {}", row.level.name(), row.text))
        .collect();
    let report = [missed.clone(), other.clone(), stopped.clone()].concat().join("\n");
    let told = format!(
        "{} of {} missed, {} of another class, {} of {} good ones stopped\n{report}",
        missed.len(),
        bad.len(),
        other.len(),
        stopped.len(),
        good.len()
    );
    assert!(missed.len() * 100 <= bad.len() * 5, "{told}");
    assert!(other.len() * 100 <= bad.len() * 10, "{told}");
    assert!(stopped.len() * 100 <= good.len() * 3, "{told}");
}

#[test]
fn of_many_sentences_the_bad_are_stopped_and_the_good_pass() {
    budget(
        include_str!("../../../fixtures/agent_sentences/bad.tsv"),
        include_str!("../../../fixtures/agent_sentences/good.tsv"),
    );
}

#[test]
fn sentences_written_after_the_rules_were_mended_fare_as_well() {
    budget(
        include_str!("../../../fixtures/agent_sentences/held_out_bad.tsv"),
        include_str!("../../../fixtures/agent_sentences/held_out_good.tsv"),
    );
}

#[test]
fn sentences_that_no_rule_was_mended_for_fare_as_well() {
    budget(
        include_str!("../../../fixtures/agent_sentences/last_bad.tsv"),
        include_str!("../../../fixtures/agent_sentences/last_good.tsv"),
    );
}

#[test]
fn of_each_kind_that_once_slipped_through_the_bad_are_stopped_and_the_good_pass() {
    budget(
        include_str!("../../../fixtures/agent_sentences/kinds_bad.tsv"),
        include_str!("../../../fixtures/agent_sentences/kinds_good.tsv"),
    );
}

#[test]
fn sentences_of_another_pen_fare_as_well() {
    budget(
        include_str!("../../../fixtures/agent_sentences/other_bad.tsv"),
        include_str!("../../../fixtures/agent_sentences/other_good.tsv"),
    );
}
