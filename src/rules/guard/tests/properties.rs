//! Whatever sentence carries them, and however they are spelled: facts of the file are found before the person is
//! proved, somebody else's account always, the lender's own never.

use super::{Situation, policies, situation};
use crate::domain::assurance::Assurance;
use crate::domain::ids::LenderId;
use crate::domain::time::Day;
use crate::rules::guard::{Fact, Known, figures, mentions};
use crate::understand::spelled::{spanish, spanish_digits};
use proptest::prelude::*;

/// Sentences that say nothing by themselves.
const CARRIERS: [&str; 8] = [
    "Hola, {} y quedo atenta.",
    "mire: {}",
    "Buenas, le cuento que {} según veo acá",
    "{}",
    "¿Le suena {}?",
    "Oi, tudo bem? Aqui aparece {} no sistema.",
    "Hi, it says {} on my screen.",
    "ok {} gracias",
];
const PAYING: [&str; 5] = [
    "Puede pagar así: {}.",
    "Consigne a la cuenta {} hoy",
    "Haga el pago en {}, por favor.",
    "Faça o pagamento na conta {}",
    "You can pay to account {}",
];

fn facts(situation: &Situation, text: &str, level: Assurance) -> Vec<Fact> {
    let set = policies();
    let known = Known {
        level,
        policy: set.policy(&LenderId::new(situation.lender)).unwrap(),
        today: Day::parse(situation.today).unwrap(),
        persons: &situation.persons,
        debts: &situation.debts,
        agreements: &[],
        offers: &situation.offers,
        promises: &situation.promises,
        filed: &[],
        disputed: situation.disputed,
        quiet: false,
    };
    mentions(text, &known, &[]).into_iter().map(|mention| mention.fact).collect()
}

/// Whole units of every amount of the person's file and offers that a sentence could name.
fn amounts(situation: &Situation) -> Vec<i64> {
    let set = policies();
    let known = Known {
        level: Assurance::Canal,
        policy: set.policy(&LenderId::new(situation.lender)).unwrap(),
        today: Day::parse(situation.today).unwrap(),
        persons: &situation.persons,
        debts: &situation.debts,
        agreements: &[],
        offers: &situation.offers,
        promises: &situation.promises,
        filed: &[],
        disputed: situation.disputed,
        quiet: false,
    };
    figures::figures(&known)
        .into_iter()
        .map(|hundredths| hundredths / 100)
        .filter(|units| *units >= 1_000)
        .collect()
}

fn grouped(units: i64, mark: &str) -> String {
    let digits = units.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(mark)
}

fn spelled(units: i64, how: usize) -> String {
    match how {
        0 => units.to_string(),
        1 => grouped(units, "."),
        2 => grouped(units, ","),
        3 => grouped(units, " "),
        4 => format!("${}", grouped(units, ".")),
        5 => format!("{} pesos", grouped(units, "'")),
        6 => spanish(units),
        _ => format!("{} pesos", spanish(units)),
    }
}

fn on_day(day: Day, how: usize) -> String {
    const MONTHS: [[&str; 3]; 12] = [
        ["enero", "janeiro", "January"],
        ["febrero", "fevereiro", "February"],
        ["marzo", "março", "March"],
        ["abril", "abril", "April"],
        ["mayo", "maio", "May"],
        ["junio", "junho", "June"],
        ["julio", "julho", "July"],
        ["agosto", "agosto", "August"],
        ["septiembre", "setembro", "September"],
        ["octubre", "outubro", "October"],
        ["noviembre", "novembro", "November"],
        ["diciembre", "dezembro", "December"],
    ];
    let (d, m) = (i64::from(day.day()), i64::from(day.month()));
    let month = MONTHS[usize::try_from(m - 1).unwrap()];
    match how {
        0 => format!("{d} de {}", month[0]),
        1 => format!("{} de {}", spanish(d), month[0]),
        2 => format!("{d:02}/{m:02}/2026"),
        3 => format!("2026-{m:02}-{d:02}"),
        4 => format!("{d} de {}", month[1]),
        _ => format!("{} {d}", month[2]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_amount_of_the_file_passes_before_the_person_is_proved(
        who in prop::sample::select(vec!["vehiculo", "tarjeta"]),
        pick in any::<prop::sample::Index>(),
        how in 0_usize..8,
        carrier in prop::sample::select(CARRIERS.to_vec()),
    ) {
        let situation = situation(who, &policies());
        let all = amounts(&situation);
        let text = carrier.replace("{}", &spelled(all[pick.index(all.len())], how));
        prop_assert!(facts(&situation, &text, Assurance::Canal).contains(&Fact::Figure), "{text}");
    }

    #[test]
    fn no_due_date_of_the_file_passes_before_the_person_is_proved(
        next in any::<bool>(),
        how in 0_usize..6,
        carrier in prop::sample::select(CARRIERS.to_vec()),
    ) {
        let situation = situation("vehiculo", &policies());
        let debt = &situation.debts[0];
        let day = if next { debt.next_due.as_ref().unwrap().due } else { debt.oldest_unpaid_due.unwrap() };
        let text = carrier.replace("{}", &on_day(day, how));
        prop_assert!(facts(&situation, &text, Assurance::Canal).contains(&Fact::DueDate), "{text}");
    }

    #[test]
    fn no_part_of_an_account_passes_before_the_person_is_proved(
        in_words in any::<bool>(),
        who in prop::sample::select(vec![("vehiculo", "7304"), ("tarjeta", "558821"), ("vehiculo", "6723")]),
        carrier in prop::sample::select(CARRIERS.to_vec()),
    ) {
        let said = if in_words { spanish_digits(who.1) } else { who.1.to_owned() };
        let text = carrier.replace("{}", &said);
        let found = facts(&situation(who.0, &policies()), &text, Assurance::Canal);
        prop_assert!(found.contains(&Fact::Account), "{text}");
    }

    #[test]
    fn nobody_elses_account_or_phone_passes_at_any_level(
        account in prop_oneof!["[1-9][0-9]{10}", "3[0-9]{9}"],
        how in 0_usize..3,
        level in prop::sample::select(vec![Assurance::Canal, Assurance::Verificada]),
        carrier in prop::sample::select(PAYING.to_vec()),
    ) {
        let said = match how {
            0 => account.clone(),
            1 => account.as_bytes().chunks(3).map(|part| std::str::from_utf8(part).unwrap()).collect::<Vec<_>>().join(" "),
            _ => spanish_digits(&account),
        };
        let text = carrier.replace("{}", &said);
        let found = facts(&situation("vehiculo", &policies()), &text, level);
        prop_assert!(found.iter().any(|fact| matches!(fact, Fact::Payee | Fact::Contact)), "{text}: {found:?}");
    }

    #[test]
    fn what_the_policy_names_passes_at_every_level(
        own in prop::sample::select(vec![
            "400-765432-10", "400 765432 10", "40076543210", "ahorros 400-765432-10 de Banco Andino",
            "Efecty, convenio 110342", "Baloto, convenio 950087", "https://pagos.bancoandino.example/pagar",
            "bancoandino.example", "ayuda@bancoandino.example", "el 601 555 0100", "Banco Andino S.A., NIT 900123456-8",
        ]),
        level in prop::sample::select(vec![Assurance::Ninguna, Assurance::Canal, Assurance::Verificada]),
        carrier in prop::sample::select([&PAYING[..], &CARRIERS[..]].concat()),
    ) {
        let text = carrier.replace("{}", own);
        let found = facts(&situation("vehiculo", &policies()), &text, level);
        let foreign = |fact: &Fact| matches!(fact, Fact::Payee | Fact::Contact | Fact::Link);
        prop_assert!(!found.iter().any(foreign), "{text}: {found:?}");
    }
}
