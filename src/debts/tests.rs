//! Debt files: what lenders really send, and what they are told when it is wrong.

use super::{DebtFile, Import, ImportContext, parse};
use crate::domain::debt::ObligationStatus;
use crate::domain::money::{Currency, Money};
use crate::domain::time::{Timestamp, Zone};
use crate::rules::dpd::days_past_due;
use crate::rules::offer::{OfferInput, PersonFacts, offers};
use crate::rules::policy::PolicySet;

const ANDINO: &str = include_str!("../../fixtures/demo/andino.csv");
const NORTE: &str = include_str!("../../fixtures/demo/norte.csv");

const HEAD: &str = "lender,person_ref,full_name,document_type,document,phones,obligation_ref,product,product_name,\
                    currency,as_of,principal,interest,late_interest,fees,oldest_unpaid_due\n";
const ROW: &str = "andino,C1,Ana Rojas,CC,1010000101,+573005550001,5001,tarjeta,Tarjeta,COP,2026-11-20,1000,0,0,0,2026-10-01\n";

fn context() -> ImportContext {
    ImportContext {
        now: Timestamp::parse_rfc3339("2026-11-21T15:00:00Z").unwrap(),
        zone: Zone::parse("America/Bogota").unwrap(),
    }
}

fn import(text: &str) -> Import {
    parse(text.as_bytes(), &context())
}

fn file(text: &str) -> DebtFile {
    let import = import(text);
    assert_eq!(import.errors, []);
    import.all_or_nothing().unwrap()
}

/// The only mistake of a file with [`ROW`] changed.
fn mistake(right: &str, wrong: &str) -> String {
    assert!(ROW.contains(right));
    let import = import(&format!("{HEAD}{}", ROW.replacen(right, wrong, 1)));
    assert_eq!(import.errors.len(), 1, "{:?}", import.errors);
    import.errors[0].to_string()
}

#[test]
fn lines_that_end_with_a_carriage_return_are_counted() {
    let text = format!("{HEAD}{ROW}{}", ROW.replace("2026-10-01", "soon")).replace('\n', "\r");
    let import = import(&text);
    assert_eq!((import.rows, import.file.obligations.len()), (2, 1));
    assert_eq!(import.errors[0].line, 3, "{:?}", import.errors);
}

#[test]
fn the_sample_of_the_demonstration_has_its_cases_relative_to_today() {
    let file = file(ANDINO);
    let today = context().zone.day(context().now);
    assert_eq!((file.persons.len(), file.obligations.len()), (16, 16));
    let days = |number: &str| {
        let obligation = file.obligations.iter().find(|o| o.external_ref == number).unwrap();
        days_past_due(obligation.oldest_unpaid_due, today)
    };
    assert_eq!([days("5001"), days("5003"), days("5004"), days("5005")], [0, 20, 75, 200]);
    let status = |number: &str| file.obligations.iter().find(|o| o.external_ref == number).unwrap().status;
    assert_eq!(status("5009"), ObligationStatus::Settled);
    assert_eq!(status("5010"), ObligationStatus::Disputed);
    let of = |name: &str| file.persons.iter().find(|p| p.external_ref == name).unwrap();
    assert_eq!(file.obligations.iter().filter(|o| o.person == of("C-1006").id).count(), 2);
    assert_eq!(file.obligations.iter().filter(|o| o.person == of("C-1011").id).count(), 0);
    let tags: Vec<&str> = file.tags.iter().map(|tag| tag.tag.as_str()).collect();
    assert_eq!(
        tags,
        ["al_dia", "preventiva", "promesa_activa", "excluido", "numero_ajeno", "promesas_rotas_2"]
    );
    assert_eq!(of("C-1005").first_name.expose(), "Luz Marina");
    assert_eq!(of("C-1014").phones[0], of("C-1015").phones[0]);
}

/// What the shipped policy and the caps of the demonstration offer to everybody of the sample.
#[test]
fn the_sample_shows_every_kind_of_offer() {
    let set = PolicySet::parse([
        ("andino.yaml", include_str!("../../flows/policies/andino.yaml")),
        ("rate_caps.yaml", include_str!("../../fixtures/demo/rate_caps.yaml")),
        ("holidays.csv", include_str!("../../flows/policies/holidays.csv")),
    ])
    .unwrap();
    let (file, context) = (file(ANDINO), context());
    let lender = file.lender.clone().unwrap();
    let (policy, calendar) = (set.policy(&lender).unwrap(), set.calendar(&lender).unwrap());
    let lines: Vec<String> = file
        .obligations
        .iter()
        .map(|obligation| {
            let input = OfferInput {
                obligation,
                person: PersonFacts::default(),
                today: context.zone.day(context.now),
                now: context.now,
                caps: &set.caps,
                calendar,
                has_active_agreement: false,
            };
            let offers = offers(policy, &input);
            let kinds = offers.iter().map(|offer| format!("{} {}", offer.kind.name(), offer.payments.len()));
            format!("{}: {}", obligation.external_ref, kinds.collect::<Vec<_>>().join(", "))
        })
        .collect();
    let early = "promise 1, instalment_plan 2, instalment_plan 3";
    let middle = "promise 1, instalment_plan 3, instalment_plan 4, instalment_plan 6, refinancing 12";
    let micro = "promise 1, instalment_plan 4, instalment_plan 6";
    let expected = [
        ("5001", ""),
        ("5002", ""),
        ("5003", early),
        ("5004", middle),
        ("5005", "settlement 1, settlement 2, instalment_plan 6, instalment_plan 12"),
        ("5006", "promise 1, instalment_plan 2, instalment_plan 3, instalment_plan 4"),
        ("5007", middle),
        ("5008", early),
        ("5009", ""),
        ("5010", ""),
        ("5011", middle),
        ("5012", micro),
        ("5013", micro),
        ("5014", early),
        ("5015", middle),
        ("5016", early),
    ];
    assert_eq!(lines, expected.map(|(number, kinds)| format!("{number}: {kinds}")));
}

#[test]
fn spanish_headings_semicolons_and_local_numbers_are_read() {
    let file = file(NORTE);
    assert_eq!(file.lender.unwrap().as_str(), "norte");
    let balance = &file.obligations[0].balance;
    assert_eq!(balance.principal, Money::new(325_050, Currency::Mxn));
    assert_eq!(balance.principal_outstanding, Money::new(1_240_000, Currency::Mxn));
    assert_eq!(file.persons[0].birth_date.as_ref().unwrap().expose().to_string(), "1990-01-01");
    assert_eq!(file.persons[0].first_name.expose(), "Marisol");
    assert_eq!(file.persons[0].phones[0].expose(), "528155500101");
}

#[test]
fn latin_1_and_a_byte_order_mark_give_the_same_names() {
    let text = format!("{HEAD}{}", ROW.replace("Ana Rojas", "Íngrid Muñoz"));
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let marked = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
    for bytes in [latin, marked] {
        let import = parse(&bytes, &context());
        assert_eq!(import.errors, []);
        assert_eq!(import.file.persons[0].full_name.expose(), "Íngrid Muñoz");
    }
}

#[test]
fn importing_again_gives_the_same_ids() {
    let (first, second) = (file(ANDINO), file(ANDINO));
    assert_eq!(first, second);
    let other = file(&ANDINO.replace("andino,C-", "norte,C-"));
    assert!(first.persons.iter().zip(&other.persons).all(|(a, b)| a.id != b.id));
    // A constant: changing how ids derive would double every debtor at the next import.
    assert_eq!(first.persons[0].id.to_string(), "ac752bf0-49d1-5e4e-ae97-e4f6de3aec84");
}

#[test]
fn each_mistake_says_where_what_and_how_to_mend_it() {
    for (right, wrong, told) in [
        (
            ",5001,tarjeta",
            ",tarjeta",
            "line 2: the row has 15 fields, the heading 16; quote fields that contain the separator",
        ),
        (
            "1000,0",
            "1.000,0",
            "line 2, column `principal` (shaped `9.999`): one separator with three digits after it",
        ),
        ("1000,0", "-5,0", "an amount below zero"),
        ("1000,0", "10.001,0", "(shaped `99.999`): one separator with three digits"),
        ("1000,0", "mil,0", "(shaped `aaa`): not an amount"),
        ("COP", "COPS", "column `currency` (`COPS`): no such currency; use one of COP, MXN"),
        ("2026-10-01", "01-10-2026", "column `oldest_unpaid_due` (shaped `99-99-9999`): not a date"),
        ("2026-10-01", "D20", "not a day relative to today; write it as `D-20` or `D+3`"),
        ("2026-11-20", "2026-11-25", "the balance is from the future"),
        ("+573005550001", "3005550001", "(shaped `9999999999`): a phone without country code"),
        ("1010000101", "123", "identity is proved with its last four"),
        ("Ana Rojas", "", "column `full_name` (empty): the value is missing"),
        ("andino", "Banco Andino", "not the id of a lender"),
        (",5001,tarjeta", ",,tarjeta", "column `principal` (shaped `9999`): an amount without an obligation"),
    ] {
        let shown = mistake(right, wrong);
        assert!(shown.contains(told), "{wrong}: {shown}");
    }
}

#[test]
fn personal_data_never_appears_in_a_mistake() {
    let text = format!("{HEAD}{}{}", ROW, ROW.replace("Ana Rojas", "Ana Rojas Peña").replace("5001", "5002"));
    let twice = format!("{HEAD}{ROW}{ROW}");
    let shown: String =
        import(&text).errors.iter().chain(&import(&twice).errors).map(ToString::to_string).collect();
    assert!(shown.contains("this person is described differently in line 2"), "{shown}");
    assert!(shown.contains("this obligation is in line 2 already"), "{shown}");
    assert!(!shown.contains("Rojas") && !shown.contains("C1") && !shown.contains("1010000101"));
}

#[test]
fn headings_are_checked_before_any_row() {
    let errors = import(&HEAD.replace("principal", "pricipal").replace("fees", "fees,foo,x_foo")).errors;
    let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "line 1, column `pricipal`: no such column; did you mean `principal`?",
            "line 1, column `foo`: no such column; remove it, or call it `x_foo` to keep it unread",
            "line 1, column `principal`: the column is missing; add a column `principal` (or `capital_vencido`)",
        ]
    );
}

#[test]
fn one_bad_row_stops_the_file_unless_the_caller_takes_the_good_ones() {
    let bad = ROW.replace("COP", "XXX").replace("C1", "C2").replace("5001", "5002");
    let import = import(&format!("{HEAD}{ROW}{}", bad.repeat(150)));
    assert_eq!((import.rows, import.errors_total, import.errors.len()), (151, 150, 100));
    assert_eq!(import.file.obligations.len(), 1);
    assert!(import.all_or_nothing().is_err());
    assert_eq!(
        super::parse(b"", &context()).errors[0].to_string(),
        "line 1: the file has no rows; export the debts with their heading"
    );
}

#[test]
fn a_list_of_instalments_gives_the_oldest_unpaid_and_the_next() {
    let head = HEAD.replace("fees,", "fees,instalments,");
    let row =
        ROW.replace("1000,0,0,0,2026-10-01", "1000,0,0,0,2026-09-05=350*|2026-10-05=350|2026-12-05=350,");
    let file = file(&format!("{head}{row}"));
    let obligation = &file.obligations[0];
    assert_eq!(obligation.oldest_unpaid_due.unwrap().to_string(), "2026-10-05");
    let next = obligation.next_due.as_ref().unwrap();
    assert_eq!((next.number, next.due.to_string(), next.amount.minor), (3, "2026-12-05".to_owned(), 35_000));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        let with_head = [HEAD.as_bytes(), &bytes].concat();
        assert!(parse(&bytes, &context()).all_or_nothing().is_err());
        parse(&with_head, &context());
    }

    #[test]
    fn amounts_are_read_back_however_they_are_written(minor in 0_i64..10_000_000_000) {
        let (units, cents) = (minor / 100, minor % 100);
        let digits = units.to_string();
        let grouped = |separator: &str| {
            let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap()).collect();
            groups.join(separator)
        };
        for text in [format!("{units}.{cents:02}"), format!("{units},{cents:02}"), format!("{},{cents:02}", grouped(".")), format!("$ {}.{cents:02}", grouped(","))] {
            let Ok(read) = super::values::amount(&text, Currency::Cop) else { panic!("{text}") };
            assert_eq!(read.minor, minor, "{text}");
        }
    }
}
