//! Sentences of agents in the state of their chat, judged as the desk judges them: phrases, facts and statistics together.

use crate::contract::make::agreement;
use crate::harness::app::understander;
use acuerdo::debts::{ImportContext, parse};
use acuerdo::domain::assurance::Assurance;
use acuerdo::domain::debt::{Agreement, AgreementKind, AgreementStatus, Obligation, Offer, Person};
use acuerdo::domain::ids::LenderId;
use acuerdo::domain::money::{Currency, Money};
use acuerdo::domain::time::{Day, Timestamp, Zone};
use acuerdo::rules::guard::{Act, Known, guises, is_harmless, mentions};
use acuerdo::rules::lint::{Author, Chat, Hit, Instead, Lint};
use acuerdo::rules::offer::{OfferInput, PersonFacts, offers, promise_range};
use acuerdo::rules::policy::PolicySet;
use std::collections::BTreeMap;

/// Wednesday 15 July 2026, 10:00 in Bogotá.
const NOW: Timestamp = Timestamp(1_784_127_600_000);

struct Desk {
    policies: PolicySet,
    lint: Lint,
    person: Person,
    debts: Vec<Obligation>,
}

impl Desk {
    fn open(reference: &str) -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap();
        let zone = Zone::parse("America/Bogota").unwrap();
        let context = ImportContext { now: NOW, zone, currency: Currency::Cop };
        let file = parse(read("fixtures/demo/andino.csv").as_bytes(), &context).all_or_nothing().unwrap();
        let names = ["andino.yaml", "rate_caps.yaml", "holidays.csv", "wording.yaml"];
        let mut texts = names.map(|name| (name, read(&format!("flows/policies/{name}"))));
        texts[1].1 = read("fixtures/demo/rate_caps.yaml");
        let policies = PolicySet::parse(texts.iter().map(|(name, text)| (*name, text.as_str()))).unwrap();
        let person = file.persons.iter().find(|person| person.external_ref == reference).unwrap().clone();
        let debts = file.obligations.iter().filter(|debt| debt.person == person.id).cloned().collect();
        let lint = Lint::parse(&read("flows/policies/lint.yaml")).unwrap();
        Self { policies, lint, person, debts }
    }

    /// What the policy gives for the debts, and what may be promised.
    fn offers(&self) -> (Vec<Offer>, Vec<(Money, Money)>) {
        let lender = LenderId::new("andino");
        let policy = self.policies.policy(&lender).unwrap();
        let calendar = self.policies.calendar(&lender).unwrap();
        let today = Zone::parse("America/Bogota").unwrap().day(NOW);
        let (mut given, mut promises) = (Vec::new(), Vec::new());
        for debt in &self.debts {
            let input = OfferInput {
                obligation: debt,
                person: PersonFacts { hold: None, broken_promises: 0 },
                today,
                now: NOW,
                caps: &self.policies.caps,
                calendar,
                has_active_agreement: false,
            };
            given.extend(offers(policy, &input));
            promises.extend(promise_range(policy, &input).map(|range| (range.least, range.most)));
        }
        (given, promises)
    }

    /// A promise of all that is overdue for 10 December.
    fn promised(&self, broken: bool) -> Agreement {
        let mut promise = agreement(&self.person, "promised");
        if broken {
            promise.status = AgreementStatus::Broken;
        }
        let owed = self.debts[0].balance.overdue().unwrap();
        promise.offer.kind = AgreementKind::Promise;
        promise.offer.total = owed;
        promise.offer.discount = Money::new(0, Currency::Cop);
        promise.offer.payments[0].amount = owed;
        promise.offer.payments[0].due = Day::parse("2026-12-10").unwrap();
        promise
    }

    /// What stops it in a chat of this state, of somebody who has an agreement or has none.
    fn hits(&self, text: &str, state: &str, agreed: bool) -> Vec<Hit> {
        let (given, promises) = self.offers();
        let offer = given.first().filter(|_| agreed).cloned();
        let mut agreements: Vec<Agreement> =
            offer.into_iter().map(|offer| Agreement { offer, ..agreement(&self.person, "agreed") }).collect();
        if ["promise", "broken"].contains(&state) {
            agreements.push(self.promised(state == "broken"));
        }
        let policy = self.policies.policy(&LenderId::new("andino")).unwrap();
        let today = Zone::parse("America/Bogota").unwrap().day(NOW);
        let quiet = ["distress", "mourning", "violence", "minor"].contains(&state);
        let level = match state {
            "unproven" | "wrong" | "mourning" | "minor" | "fraud" => Assurance::Ninguna,
            _ => Assurance::Verificada,
        };
        let known = Known {
            level,
            policy,
            today,
            persons: std::slice::from_ref(&self.person),
            debts: &self.debts,
            agreements: &agreements,
            offers: &given,
            promises: &promises,
            filed: &[],
            // Who asked not to be written to is asked to pay no more than who disputes.
            disputed: ["dispute", "optout"].contains(&state),
            quiet,
        };
        let understander = understander();
        let judge = |text: &str| {
            let heard = understander.acts().heard(text);
            let harmless = is_harmless(&known, &heard);
            let chat = Chat { author: Author::Agent, level, quiet, harmless };
            self.lint.judge(text, chat, &mentions(text, &known, &heard), &Instead::default())
        };
        let guises = guises(text).into_iter().flat_map(|guise| judge(&guise.text));
        judge(text).into_iter().chain(guises).collect()
    }
}

#[test]
fn what_may_not_be_said_in_a_chat_is_stopped_and_the_rest_may_leave() {
    within_budget("states.tsv", &[]);
}

/// What readers of the running product found to slip through or to be stopped for nothing, and more of those kinds.
#[test]
fn the_kinds_that_readers_found_are_told_apart() {
    within_budget("found.tsv", &[]);
}

/// A list that was written after the rules, by somebody who knew none of them.
#[test]
fn another_pens_sentences_are_told_apart() {
    within_budget("blind.tsv", &[Act::TellDebt, Act::AskPayment, Act::Agree]);
}

/// One of another pen, of kinds that the lists before it hold few of.
#[test]
fn a_third_pens_sentences_are_told_apart() {
    within_budget("third_pen.tsv", &[]);
}

/// The same pen, after the examples: tried only when nothing more was changed, and never mended for since. It tells how
/// wordings that nobody has seen are heard, and may only become better.
#[test]
fn a_third_pens_last_sentences_are_told_apart() {
    tolerated("third_pen_last.tsv", &[], (32, 10));
}

/// Eight voices of a pen who knew neither rules nor examples.
#[test]
fn eight_voices_are_told_apart() {
    within_budget("eight_voices.tsv", &[]);
}

/// An auditor's, who writes none of the textbook's phrases: the hardest of the lists.
#[test]
fn what_an_auditor_remembers_is_told_apart() {
    tolerated("auditor.tsv", &[], (8, 3));
}

/// A trainer's, written last and never learnt from: how wordings that nobody has seen are heard. It may only become better.
#[test]
fn what_a_trainer_remembers_is_told_apart() {
    tolerated("trainer.tsv", &[], (6, 5));
}

/// `lawful`: what its author takes to be well said to somebody proved; an agreement, where there is one.
fn within_budget(name: &str, lawful: &[Act]) {
    tolerated(name, lawful, (5, 3));
}

/// So many in a hundred of the bad may be missed, and of the good be stopped.
fn tolerated(name: &str, lawful: &[Act], (bad, good): (usize, usize)) {
    let (mut missed, mut stopped) = (Vec::new(), Vec::new());
    let (mut n_bad, mut n_good) = (0, 0);
    let file = std::fs::read_to_string(format!("fixtures/agent_sentences/{name}")).unwrap();
    let mut desks = BTreeMap::new();
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        let [act, _, state, text] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("four fields: {line}")
        };
        let act = Act::parse(act).unwrap();
        let (state, reference) = state.split_once('@').unwrap_or((state, "C-1003"));
        let desk = desks.entry(reference).or_insert_with(|| Desk::open(reference));
        let well_said = state == "verified" && lawful.contains(&act);
        let hits = desk.hits(text, state, well_said && act == Act::Agree);
        if act == Act::Harmless || well_said {
            n_good += 1;
            if !hits.is_empty() {
                let rules: Vec<_> = hits.iter().map(|hit| (&hit.rule, &hit.phrase)).collect();
                stopped.push(format!("stopped {state} {rules:?}: {text}"));
            }
        } else {
            n_bad += 1;
            if hits.is_empty() {
                missed.push(format!("missed  {} {state}: {text}", act.name()));
            }
        }
    }
    let told = format!("{} of {n_bad} missed, {} of {n_good} good ones stopped", missed.len(), stopped.len());
    let report = [missed.clone(), stopped.clone()].concat().join("\n");
    assert!(missed.len() * 100 <= n_bad * bad, "{told}\n{report}");
    assert!(stopped.len() * 100 <= n_good * good, "{told}\n{report}");
}

fn pesos(amount: Money) -> String {
    let digits = (amount.minor / 100).to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    format!("${}", groups.join("."))
}

#[test]
fn a_figure_under_the_name_of_another_is_stopped() {
    let desk = Desk::open("C-1006");
    let [first, second] = &desk.debts[..] else { panic!("two debts") };
    let (card, loan) = if first.product.contains("tarjeta") { (first, second) } else { (second, first) };
    let of = |debt: &Obligation| pesos(debt.balance.overdue().unwrap());
    let (owed_card, owed_loan) = (of(card), of(loan));
    let offers = desk.offers().0;
    let plans: Vec<&Offer> = offers
        .iter()
        .filter(|offer| offer.kind == AgreementKind::InstalmentPlan && offer.obligation == loan.id)
        .collect();
    let [fewer, more, ..] = plans[..] else { panic!("two plans: {plans:?}") };
    let (n_fewer, n_more) = (fewer.payments.len(), more.payments.len());
    let (of_fewer, of_more) = (pesos(fewer.payments[0].amount), pesos(more.payments[0].amount));
    let both = pesos(Money::new(
        card.balance.overdue().unwrap().minor + loan.balance.overdue().unwrap().minor,
        Currency::Cop,
    ));
    let (capital, interest) = (pesos(loan.balance.principal), pesos(loan.balance.interest));
    let bad = [
        format!("La tarjeta debe {owed_loan}."),
        format!("Con {owed_card} queda al día en las dos obligaciones."),
        format!("Para ponerse al día con {of_more} alcanza."),
        format!("Son {n_fewer} cuotas de {of_more}."),
        format!("le quedan {n_more} cuotas de {of_fewer}"),
        format!("El capital es de {interest}"),
        format!("Los intereses van en {capital}"),
        format!("Su próxima cuota es de {owed_loan}"),
        format!("su credito tiene vencidos {owed_card} y la tarjeta {owed_loan}"),
        format!("debe {owed_loan} de la tarjeta y {owed_card} del credito"),
        format!("the card is at {owed_loan} and the loan at {owed_card}"),
    ];
    let good = [
        format!("La tarjeta debe {owed_card}."),
        format!("Con {both} queda al día en las dos obligaciones."),
        format!("Para ponerse al día en la tarjeta son {owed_card}."),
        format!("Son {n_fewer} cuotas de {of_fewer}."),
        format!("le quedan {n_more} cuotas de {of_more}"),
        format!("El capital es de {capital}"),
        format!("Los intereses van en {interest}"),
        format!("su credito tiene vencidos {owed_loan} y la tarjeta {owed_card}"),
        format!("debe {owed_card} de la tarjeta y {owed_loan} del credito"),
        format!("la tarjeta son {owed_card} vencidos y el credito {owed_loan}"),
        format!("o cartão está em {owed_card} e o empréstimo em {owed_loan}"),
    ];
    for text in bad {
        assert!(!desk.hits(&text, "verified", false).is_empty(), "{text}");
    }
    for text in good {
        let hits: Vec<String> = desk.hits(&text, "verified", false).into_iter().map(|hit| hit.rule).collect();
        assert!(hits.is_empty(), "{hits:?}: {text}");
    }
}
