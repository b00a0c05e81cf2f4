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
        currency: Currency::Cop,
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
    let import = parse(NORTE.as_bytes(), &ImportContext { currency: Currency::Mxn, ..context() });
    let file = import.all_or_nothing().unwrap();
    assert_eq!(file.lender.unwrap().as_str(), "norte");
    let balance = &file.obligations[0].balance;
    assert_eq!(balance.principal, Money::new(325_050, Currency::Mxn));
    assert_eq!(balance.principal_outstanding, Some(Money::new(1_240_000, Currency::Mxn)));
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

/// A mistake in the last line of a file with these ends of lines.
#[test]
fn a_mistake_names_its_line_whatever_stands_before_it() {
    let bad = ROW.replace("2026-10-01", "soon").replace("C1", "C2").replace("5001", "5002");
    let quoted = format!("{},x_note\n", HEAD.trim_end());
    let noted = |row: &str, note: &str| format!("{},\"{note}\"\n", row.trim_end());
    for (text, line) in [
        (format!("{HEAD}{ROW}{bad}"), 3),
        (format!("\n\n{HEAD}\n{ROW}\n\n{bad}"), 8),
        (format!("{HEAD}   \n{ROW},,,,\n{bad}"), 5),
        (format!("sep=,\n{HEAD}{ROW}{bad}"), 4),
        (format!("{quoted}{}{}", noted(ROW, "one\ntwo\n\nthree"), noted(&bad, "x")), 6),
        (format!("{quoted}{}{}", noted(ROW, "a \"\"b\"\" c"), noted(&bad, "one\ntwo")), 3),
    ] {
        for end in ["\n", "\r\n", "\r"] {
            let import = import(&text.replace('\n', end));
            let lines: Vec<u64> = import.errors.iter().map(|error| error.line).collect();
            assert_eq!((lines, import.rows), (vec![line], 2), "{text:?} with {end:?}: {:?}", import.errors);
        }
    }
}

#[test]
fn what_spreadsheets_add_is_no_row_and_no_column() {
    let plain = file(&format!("{HEAD}{ROW}"));
    let semicolons = |text: &str| text.replace(',', ";");
    let ended = |text: &str| text.replace('\n', ",\n");
    let middle =
        format!("{}{}", HEAD.replace("document,", "document,,"), ROW.replace("1010000101,", "1010000101,,"));
    for text in [
        format!("sep=;\r\n{}{}", semicolons(HEAD), semicolons(ROW)),
        format!("\"sep=;\"\n{}{}", semicolons(HEAD), semicolons(ROW)),
        format!("\u{feff}SEP=,\n{HEAD}{ROW}"),
        format!("{HEAD}{ROW}{}", ",,,,,,,,,,,,,,,\n".repeat(3)),
        format!("{HEAD}{ROW},\n , , \n"),
        format!("{}{}", ended(HEAD), ended(ROW)),
        format!("{}{}", ended(&ended(HEAD)), ended(ROW)),
        format!("{HEAD}{}", ended(ROW)),
        middle,
    ] {
        let import = import(&text);
        assert_eq!((import.errors.as_slice(), import.rows), ([].as_slice(), 1), "{text}");
        // Only the numbers of the lines differ.
        let same = DebtFile { lines: plain.lines.clone(), ..import.file };
        assert_eq!(same, plain, "{text}");
    }
    for (text, told) in [
        (format!("{}{}", ended(HEAD), ROW.replace('\n', ",x\n")), "the row has 17 fields, the heading 16"),
        (
            format!(
                "{}{}",
                HEAD.replace("document,", "document,,"),
                ROW.replace("1010000101,", "1010000101,1,")
            ),
            "line 2: field 6 has a value and no heading; name the column",
        ),
        (format!("{HEAD}{HEAD}"), "line 2: the heading stands here again; remove the line"),
        ("Cartera de Banco Andino\na,b\n".to_owned(), "line 1: the line names no column of a debt file"),
        (format!("{HEAD}{}{ROW}", ROW.replace("Ana Rojas", "\"Ana Rojas")), "close the quote"),
    ] {
        let import = import(&text);
        assert_eq!(import.errors.len(), 1, "{:?}", import.errors);
        assert!(import.errors[0].to_string().contains(told), "{}", import.errors[0]);
    }
}

#[test]
fn a_number_that_a_spreadsheet_destroyed_is_refused_with_its_remedy() {
    for (right, column) in [
        ("C1", "person_ref"),
        ("1010000101", "document"),
        ("5001", "obligation_ref"),
        ("+573005550001", "phones"),
    ] {
        for wrong in ["\"1,09E+09\"", "5.00123E+15", "1e+12", "1090004821.0", "#####", "#N/A", "NULL", "=A2"]
        {
            let told = mistake(right, wrong);
            assert!(told.starts_with(&format!("line 2, column `{column}` (shaped")), "{wrong}: {told}");
            assert!(!told.contains("109"), "{told}");
        }
    }
    let amount = mistake("1000,0", "\"1,5E+06\",0");
    assert!(amount.contains("scientific notation") && amount.contains("write digits"), "{amount}");
}

#[test]
fn one_file_has_one_encoding() {
    let name = |name: &str| ROW.replace("Ana Rojas", name);
    let latin = |text: &str| text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>();
    let second = name("Luz Núñez").replace("C1", "C2").replace("5001", "5002");
    let utf8 = format!("{HEAD}{}", name("José Peña"));
    let mixed = [utf8.as_bytes(), &latin(&second)].concat();
    let import = parse(&mixed, &context());
    let told: Vec<String> = import.errors.iter().map(ToString::to_string).collect();
    let odd =
        "the line is not in UTF-8, the others are; export the whole file in one encoding, best in UTF-8";
    assert_eq!((told, import.rows), (vec![format!("line 3: {odd}")], 2));
    assert_eq!(import.file.persons[0].full_name.expose(), "José Peña", "with `--skip-bad-rows` the good row");

    let windows = [HEAD.as_bytes(), &name("Marta O_Higgins").into_bytes()].concat();
    let windows: Vec<u8> = windows.into_iter().map(|byte| if byte == b'_' { 0x92 } else { byte }).collect();
    // The heading has underscores too.
    let windows = [HEAD.as_bytes(), &windows[HEAD.len()..]].concat();
    let import = parse(&windows, &context()).all_or_nothing().unwrap();
    assert_eq!(import.persons[0].full_name.expose(), "Marta O’Higgins");

    for garbled in ["JosÃ© PeÃ±a", "Jos\u{fffd} Pe\u{fffd}a", "MUÃ‘OZ"] {
        let told = mistake("Ana Rojas", garbled);
        assert!(told.contains("column `full_name`") && told.contains("UTF-8"), "{told}");
    }
}

#[test]
fn a_workbook_is_named_in_one_line() {
    let utf16: Vec<u8> = format!("{HEAD}{ROW}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, kind) in [(utf16.as_slice(), "UTF-16"), (b"PK\x03\x04 [Content_Types].xml\n\n", ".xlsx")] {
        let errors = parse(bytes, &context()).errors;
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].to_string().contains(kind), "{}", errors[0]);
    }
}

#[test]
fn what_nobody_sees_is_left_out_and_counted() {
    let text = format!(
        "{HEAD}{ROW}{}",
        ROW.replace("+573005550001", "\u{202a}+57\u{a0}300 555 0001\u{202c}")
            .replace(",5001", ",5\u{200b}002")
    );
    let import = import(&text);
    assert_eq!(import.errors, []);
    assert_eq!(import.cleaned, Some(super::Cleaned { n_values: 2, line: 3, column: Some("phones") }));
    assert_eq!(import.file.persons.len(), 1, "the same person in both rows");
    assert_eq!(import.file.obligations[1].external_ref, "5002");
    assert_eq!(file(&format!("{HEAD}{ROW}")).persons, import.file.persons);
}

#[test]
fn only_the_lenders_currency_is_taken() {
    assert_eq!(
        mistake("COP", "USD"),
        "line 2, column `currency` (`USD`): another currency than the lender's, which is COP; write a file for a \
         lender whose policy has this currency; nothing is converted"
    );
}

#[test]
fn amounts_whose_sum_would_not_fit_are_refused() {
    for (wrong, n) in
        [("92233720368547000", 1), ("10000000000000", 1), ("1000000000000000000000000000000", 1)]
    {
        let row = ROW.replace("1000,0,0,0", &format!("{wrong},0,0,0"));
        let errors = import(&format!("{HEAD}{row}")).errors;
        assert_eq!(errors.len(), n, "{errors:?}");
        assert!(errors[0].to_string().contains("larger than any debt"), "{}", errors[0]);
    }
    let most = ROW.replace("1000,0,0,0", "9999999999999.99,9999999999999,9999999999999,9999999999999");
    let obligation = &file(&format!("{HEAD}{}", most.replace(".99", ""))).obligations[0];
    assert_eq!(obligation.balance.overdue().unwrap().minor, 4 * 999_999_999_999_900);
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
