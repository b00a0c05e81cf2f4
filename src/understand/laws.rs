//! Laws of amounts, over made-up numbers: what is part of another number is none, what is written in words reads back,
//! and what is refused, earned, left over or foreign is no offer.

use super::amount::{self, AmountRead};
use super::normalise::fold;
use super::spelled::{english, portuguese, spanish};
use super::tokens::tokens;
use crate::domain::money::Currency;
use proptest::prelude::*;

fn read(text: &str, currency: Currency, asked: bool) -> Option<AmountRead> {
    let folded = fold(text);
    amount::read(&tokens(&folded), currency, asked)
}

fn currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec![
        Currency::Cop,
        Currency::Mxn,
        Currency::Clp,
        Currency::Ars,
        Currency::Pen,
        Currency::Brl,
        Currency::Usd,
    ])
}

/// A number that is no amount, as people write it.
fn other_number() -> impl Strategy<Value = String> {
    prop_oneof![
        // Cards, in groups and in one run.
        "[345][0-9]{3} [0-9]{4} [0-9]{4} [0-9]{4}",
        "[345][0-9]{3}-[0-9]{4}-[0-9]{4}-[0-9]{4}",
        "[345][0-9]{15}",
        // Phones.
        "\\+57 3[0-9]{2} [0-9]{3} [0-9]{4}",
        "3[0-9]{2} [0-9]{3} [0-9]{4}",
        "3[0-9]{2}-[0-9]{3}-[0-9]{4}",
        "3[0-9]{9}",
        "\\(60[1-8]\\) [2-9][0-9]{2} [0-9]{4}",
        "\\+55 11 9[0-9]{4}-[0-9]{4}",
        // Document numbers with their name before them.
        "(cc|cedula|cédula|dni|curp|cpf|documento|identificacion) (es |n[oº] |numero )?1[0-9]{9}",
        "(cc|cedula|cédula|dni|cpf|documento) (es |numero )?[1-9][0-9]?\\.[0-9]{3}\\.[0-9]{3}",
        "[1-9][0-9]{2}\\.[0-9]{3}\\.[0-9]{3}-[0-9]{2}",
        "[1-9][0-9]\\.[0-9]{3}\\.[0-9]{3}-[0-9k]",
        // Days.
        "(0[1-9]|1[0-9]|2[0-8])/(0[1-9]|1[0-2])/20[0-9]{2}",
        "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])",
        "(0[1-9]|1[0-9]|2[0-8])-(0[1-9]|1[0-2])-2[0-9]",
        "([1-9]|1[0-9]|2[0-8]) de (enero|marzo|noviembre|março|dezembro) (de |del |)20[0-9]{2}",
        // References and accounts.
        "[1-9][0-9]{9,18}",
        "[1-9][0-9]{2}-[0-9]{6}-[0-9]{2}",
    ]
}

/// How an amount is written, and what it is worth in units.
fn written() -> impl Strategy<Value = (String, i64)> {
    (20_i64..999).prop_flat_map(|n| {
        prop::sample::select(vec![
            (format!("{n} mil"), n * 1_000),
            (format!("{n}.000"), n * 1_000),
            (format!("{n}000"), n * 1_000),
            (format!("${n}.000"), n * 1_000),
            (format!("{n}k"), n * 1_000),
        ])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_amount_is_never_a_part_of_another_number(
        number in other_number(),
        around in prop::sample::select(vec![
            ("", ""), ("es ", ""), ("mi número es ", ""), ("anote: ", " por favor"), ("le pago con la ", ""),
            ("llámeme al ", " después"), ("la referencia es ", ""), ("puedo pagar, mi cuenta es ", ""),
        ]),
        currency in currency(),
        asked in any::<bool>(),
    ) {
        let text = format!("{}{number}{}", around.0, around.1);
        prop_assert_eq!(read(&text, currency, asked), None, "{}", text);
    }

    #[test]
    fn a_number_in_words_reads_back(thousands in 1_i64..1_000_000, rest in prop_oneof![Just(0_i64), 1_i64..1_000]) {
        let units = thousands * 1_000 + rest;
        for (words, currency) in [
            (spanish(units), Currency::Cop),
            (spanish(units), Currency::Mxn),
            (portuguese(units), Currency::Brl),
            (english(units, " "), Currency::Usd),
            (english(units, "-"), Currency::Usd),
        ] {
            let found = read(&words, currency, true);
            // "Un millón doscientos" says two numbers to two people, and "un millón mil gracias" one and thanks: there
            // nothing is read.
            let says_two = (thousands % 1_000 == 0 && rest > 0) || (thousands > 1_000 && thousands % 1_000 == 1);
            match found {
                None => prop_assert!(says_two, "{} ({}) is not read", words, units),
                Some(found) => {
                    let read = found.money.minor / currency.unit_minor();
                    prop_assert_eq!(read, units, "{}", words);
                    prop_assert!(!found.ambiguous, "{} is ambiguous", words);
                }
            }
        }
    }

    #[test]
    fn what_is_refused_earned_left_over_or_foreign_is_no_offer(
        (amount, _) in written(),
        frame in prop::sample::select(vec![
            "no tengo {}", "{} no puedo", "no puedo pagar {}", "no me alcanza para {}", "ni {} ni nada", "{} jamás",
            "gano {}", "mi sueldo es de {}", "me pagan {} al mes", "recibo {} cada quincena", "cobro {} mensuales",
            "pago {} de arriendo", "la renta me cuesta {}", "me faltan {}", "me faltaban {}", "quedo debiendo {}",
            "debo {}", "{} al mes", "{} cada quincena", "{} por semana", "todo menos {}", "me sobran {}",
            "{} euros", "{} bitcoins", "€ {}", "{} libras",
            "não tenho {}", "não posso pagar {}", "ganho {}", "recebo {} por mês", "meu aluguel é {}", "faltam {}",
            "i can't pay {}", "i don't have {}", "i make {} a month", "my rent is {}", "i owe {}", "i have {} left to pay",
        ]),
        asked in any::<bool>(),
    ) {
        prop_assume!(!(frame.contains('€') && amount.contains('$')));
        let text = frame.replace("{}", &amount);
        for currency in [Currency::Cop, Currency::Mxn, Currency::Brl] {
            prop_assert_eq!(read(&text, currency, asked), None, "{}", &text);
        }
    }

    #[test]
    fn what_may_be_two_amounts_says_both(first in 20_i64..999, second in 20_i64..999, bare in 1_i64..1_000) {
        prop_assume!(first != second);
        for joint in [" o ", " ou ", " or ", " o de pronto ", ", o mejor unos "] {
            let text = format!("{first} mil{joint}{second} mil");
            let found = read(&text, Currency::Cop, true);
            let (a, b) = (first * 100_000, second * 100_000);
            let both = found.map(|found| (found.ambiguous, found.money.minor, found.other.map(|other| other.minor)));
            prop_assert_eq!(both, Some((true, a, Some(b))), "{}", text);
        }
        let found = read(&bare.to_string(), Currency::Cop, true).unwrap();
        prop_assert!(found.ambiguous);
        prop_assert_eq!(
            (found.money.minor, found.other.map(|other| other.minor)),
            (bare * 100_000, Some(bare * 100)),
        );
    }
}
