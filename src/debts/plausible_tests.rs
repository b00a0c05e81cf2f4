//! Rows that contradict themselves are refused by line; nobody is told what they would say.

use super::{DebtText, ImportContext, OldBalances, Survey, parse};
use crate::domain::money::Currency;
use crate::domain::time::{Day, Timestamp, Zone};

const HEAD: &str = "lender,person_ref,full_name,document_type,document,birth_date,phones,obligation_ref,product,\
                    product_name,status,currency,as_of,principal,interest,late_interest,fees,oldest_unpaid_due,next_due,\
                    next_amount\n";
const ROW: &str = "andino,C1,Ana Rojas,CC,1010000101,1988-04-12,+573005550001,5001,tarjeta,Tarjeta 24 cuotas,active,COP,\
                   2026-11-20,1000,0,0,0,2026-10-01,2026-12-01,500\n";

fn survey(rows: &str) -> Survey {
    let text = DebtText::of(format!("{HEAD}{rows}").into_bytes()).unwrap();
    Survey::of(&text, &context(), |_| ())
}

fn context() -> ImportContext {
    ImportContext {
        now: Timestamp::parse_rfc3339("2026-11-21T15:00:00Z").unwrap(),
        zone: Zone::parse("America/Bogota").unwrap(),
        currency: Currency::Cop,
    }
}

/// The mistakes of a file with [`ROW`] changed.
fn told(right: &str, wrong: &str) -> Vec<String> {
    assert!(ROW.contains(right), "{right}");
    let text = format!("{HEAD}{}", ROW.replacen(right, wrong, 1));
    parse(text.as_bytes(), &context()).errors.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_late_has_a_day_and_a_day_has_an_amount() {
    for (right, wrong, what) in [
        (
            "0,2026-10-01",
            "0,",
            "column `oldest_unpaid_due` (empty): amounts are overdue, and no date says since when",
        ),
        ("0,2026-10-01", "0,2026-11-21", "after the day of the balance (`as_of`), and amounts are overdue"),
        ("0,2026-10-01", "0,2027-01-05", "after the day of the balance (`as_of`), and amounts are overdue"),
        (
            "1000,0,0,0",
            "0,0,0,0",
            "column `oldest_unpaid_due` (shaped `9999-99-99`): a due date that is unpaid",
        ),
        (
            "2026-12-01",
            "2026-11-19",
            "column `next_due` (shaped `9999-99-99`): before the day of the balance",
        ),
        ("1000,0,0,0,2026-10-01", "0,0,35,0,", "no date says since when"),
    ] {
        let found = told(right, wrong);
        assert!(found.len() == 1 && found[0].contains(what), "{wrong}: {found:?}");
    }
    for (right, fine) in [
        ("0,2026-10-01", "0,2026-11-20"),
        ("2026-12-01", "2026-11-20"),
        ("1000,0,0,0,2026-10-01", "0,0,0,0,"),
        ("active,COP,2026-11-20,1000,0,0,0,2026-10-01", "settled,COP,2026-11-20,0,0,0,0,2026-10-01"),
    ] {
        assert_eq!(told(right, fine), [] as [String; 0], "{fine}");
    }
}

#[test]
fn an_unpaid_instalment_of_the_past_needs_an_overdue_amount() {
    let head = HEAD.replace("fees,", "fees,instalments,");
    let row = ROW.replace("1000,0,0,0,2026-10-01", "0,0,0,0,2026-10-05=350|2026-12-05=350,");
    let errors = parse(format!("{head}{row}").as_bytes(), &context()).errors;
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].to_string().contains("column `instalments`"), "{}", errors[0]);
}

#[test]
fn a_person_is_grown_up_and_bears_a_name() {
    let letters = "a".repeat(81);
    for (right, wrong, what) in [
        ("1988-04-12", "2008-11-22", "column `birth_date` (shaped `9999-99-99`): younger than 18 years"),
        ("1988-04-12", "1899-12-31", "before 1900"),
        ("Ana Rojas", "Ana 2 Rojas", "column `full_name` (shaped `aaa 9 aaaaa`): a name with digits"),
        ("Ana Rojas", "Ana www.premios.example", "an address of the web"),
        ("Ana Rojas", "Ana bit.ly/x", "an address of the web"),
        ("Ana Rojas", "https://x", "an address of the web"),
        ("Ana Rojas", letters.as_str(), "longer than 80 letters"),
        ("Tarjeta 24 cuotas", "Tarjeta premios.com", "column `product_name`"),
    ] {
        let found = told(right, wrong);
        assert!(found.len() == 1 && found[0].contains(what), "{wrong}: {found:?}");
        assert!(!found[0].contains("premios") && !found[0].contains("bit.ly"), "{found:?}");
    }
    for (right, fine) in [
        ("1988-04-12", "2008-11-21"),
        ("Ana Rojas", "Ma. del Carmen D'Arc-Núñez S. A."),
        ("Ana Rojas", "J.R. Paz"),
    ] {
        assert_eq!(told(right, fine), [] as [String; 0], "{fine}");
    }
}

#[test]
fn balances_of_more_than_a_week_are_counted_and_told() {
    let row = |n: u8, as_of: &str| {
        ROW.replace("C1,", &format!("C{n},"))
            .replace("5001", &format!("500{n}"))
            .replace("2026-11-20", as_of)
            .replace("2026-10-01", "2025-01-01")
            .replace("active", if n == 4 { "settled" } else { "active" })
            .replace("1000,", if n == 4 { "0," } else { "1000," })
    };
    let text =
        [row(1, "2026-11-14"), row(2, "2026-11-13"), row(3, "2025-06-01"), row(4, "2024-01-01")].concat();
    let survey = survey(&text);
    assert_eq!(survey.judged.errors, []);
    let oldest = Day::parse("2025-06-01").unwrap();
    assert_eq!(survey.old, Some(OldBalances { n: 2, oldest }));
}

#[test]
fn names_that_no_one_bears_and_days_that_no_loan_has_are_refused() {
    for (right, wrong, what) in [
        ("1010000101", "1111111111", "one sign again and again"),
        ("1010000101", "0000-0000", "one sign again and again"),
        ("Ana Rojas", "N/A", "knows no name"),
        ("Ana Rojas", "Sin Nombre", "knows no name"),
        ("Ana Rojas", "Jos? Mu?oz", "garbled"),
        ("Ana Rojas", "Ana COBRO JURIDICO", "a mark of the case"),
        ("Ana Rojas", "Ana mora alta", "a mark of the case"),
        ("Ana Rojas", "MOROSO Pedro Gil", "a mark of the case"),
        ("Ana Rojas", "Fallecido Pedro Gil", "a mark of the case"),
        ("Ana Rojas", "\"Debe ya, Pedro\"", "a mark of the case"),
        ("Ana Rojas", "<img src=x>", "a sign that no name has"),
        ("Ana Rojas", "{persona.saldo}", "a sign that no name has"),
        ("Ana Rojas", "=cmd|calc", "a sign that no name has"),
        ("Ana Rojas", "Ana (q.e.p.d.)", "a sign that no name has"),
        ("Tarjeta 24 cuotas", "Visite evil punto com", "a message to people"),
        ("Tarjeta 24 cuotas", "Crédito evil punto com", "a message to people"),
        ("Tarjeta 24 cuotas", "=1+1", "a sign of markup"),
        ("Tarjeta 24 cuotas", "{deuda.total}", "a sign of markup"),
        ("0,2026-10-01", "0,1970-01-01", "before 2000"),
        ("0,2026-10-01", "0,1900-01-01", "before 2000"),
        ("Tarjeta 24 cuotas", "Tarjeta llame 3005550100", "a phone or an account"),
        ("Tarjeta 24 cuotas", "Deuda pagada", "a message to people"),
        ("Tarjeta 24 cuotas", "Consigne hoy", "a message to people"),
    ] {
        let found = told(right, wrong);
        assert!(found.len() == 1 && found[0].contains(what), "{wrong}: {found:?}");
    }
    for (right, fine) in [
        ("0,2026-10-01", "0,2000-01-31"),
        ("Tarjeta 24 cuotas", "Crédito 2024 - 36 cuotas"),
        ("Ana Rojas", "Ana Nulla"),
        ("Ana Rojas", "Ana Mora"),
        ("Ana Rojas", "\"Mora Paz, Ana\""),
        ("Tarjeta 24 cuotas", "Tarjeta +Beneficios (2024)"),
    ] {
        assert_eq!(told(right, fine), [] as [String; 0], "{fine}");
    }
}

#[test]
fn an_open_quote_says_which_rows_it_takes_in() {
    let row = |n: u8| ROW.replace("C1,", &format!("C{n},")).replace("5001", &format!("500{n}"));
    let open = row(2).replace("Tarjeta 24 cuotas", "\"Tarjeta 24 cuotas");
    let import = parse(format!("{HEAD}{}{open}{}{}", row(1), row(3), row(4)).as_bytes(), &context());
    assert_eq!((import.swallowed, import.file.obligations.len()), (Some((3, 5)), 1), "{:?}", import.errors);
    let note = ROW.replace("Tarjeta 24 cuotas", "\"Tarjeta\"");
    assert_eq!(parse(format!("{HEAD}{note}").as_bytes(), &context()).swallowed, None);
}

#[test]
fn what_several_persons_have_in_common_is_counted() {
    let row = |n: u8| ROW.replace("C1,", &format!("C{n},")).replace("5001", &format!("500{n}"));
    let text: String = (1..=6).map(row).collect();
    let shared = survey(&text).shared();
    assert_eq!((shared.documents, shared.phones), (6, 1));
    let alone = survey(ROW).shared();
    assert_eq!((alone.documents, alone.phones), (0, 0));
}
