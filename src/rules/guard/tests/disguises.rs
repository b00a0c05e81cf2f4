//! What is written so that no rule sees it, and payees that are named in plain words.

use super::{Situation, policies, situation};
use crate::domain::assurance::Assurance;
use crate::domain::ids::LenderId;
use crate::domain::time::Day;
use crate::rules::guard::{Fact, Known, joined, mentions, parted};
use crate::rules::policy::PolicySet;
use std::sync::LazyLock;

static SET: LazyLock<PolicySet> = LazyLock::new(policies);

fn facts(situation: &Situation, text: &str, level: Assurance) -> Vec<Fact> {
    let found = mentions(text, &known(situation, level), &[]);
    found.into_iter().map(|mention| mention.fact).collect()
}

fn known(situation: &Situation, level: Assurance) -> Known<'_> {
    Known {
        level,
        policy: SET.policy(&LenderId::new(situation.lender)).unwrap(),
        today: Day::parse(situation.today).unwrap(),
        persons: &situation.persons,
        debts: &situation.debts,
        agreements: &[],
        offers: &situation.offers,
        promises: &situation.promises,
        filed: &[],
        disputed: situation.disputed,
        quiet: false,
    }
}

const LEVELS: [Assurance; 2] = [Assurance::Canal, Assurance::Verificada];

/// Those of the texts that lead money or words elsewhere, at both levels.
fn led_astray(texts: &[&str], astray: bool) {
    let situation = situation("vehiculo", &SET);
    let led = |fact: &Fact| matches!(fact, Fact::Payee | Fact::Contact | Fact::Link);
    let mut wrong = Vec::new();
    for level in LEVELS {
        for text in texts {
            let found = facts(&situation, text, level);
            if found.iter().any(led) != astray {
                wrong.push(format!("{} {found:?}: {text}", level.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_address_is_the_lenders_only_letter_by_letter() {
    led_astray(
        &[
            "Pague en bancoandinо.example",
            "entre a https://bаncoandino.example/pagar",
            "https://pagos.bancoandinο.example/pagar",
            "https://pagos.báncoandino.example/pagar",
            "https://bancoandino.example.pagos-seguros.example/pagar",
            "https://seguro.bancoandino.example/pagar",
            "https://bancoandino.example:8443/pagar",
            "https://bancoandino.example@203.0.113.9/pagar",
            "https://ayuda@bancoandino.example/pagar",
            "http://203.0.113.9/pagar",
            "203.0.113.9/pagar",
            "http://[2001:db8::1]/pagar",
            "http://3405803785/pagar",
            "http://0xcb007109/pagar",
            "andino-pagos。com",
            "andino-pagos．com",
            "https://bancoandino.example\\@otro.example",
            "hxxp://otro.example",
            "Página:otro-andino.com",
            "escriba a ayuda@bancoandinо.example",
        ],
        true,
    );
    led_astray(
        &[
            "https://pagos.bancoandino.example/pagar",
            "HTTPS://PAGOS.BANCOANDINO.EXAMPLE/pagar",
            "Página: https://www.bancoandino.example/privacidad.",
            "Página:bancoandino.example",
            "escriba a ayuda@bancoandino.example, por favor",
            "José Ñúñez Muñiz está a paz y salvo desde las 10:30",
            "Le atiendo de 8:00 a 17:00, señor Škoda",
        ],
        false,
    );
}

#[test]
fn digits_of_every_script_are_digits() {
    led_astray(
        &[
            "Consigne a la cuenta ٤٠٠٨٨١٢٣٤٥٦",
            "llámeme al ३००१२३४५६७",
            "llámeme al ৩০০১২৩৪৫৬৭",
            "llámeme al ๓๐๐๑๒๓๔๕๖๗",
            "llámeme al ༣༠༠༡༢༣༤༥༦༧",
            "llámeme al 三〇〇一二三四五六七",
            "Consigne a la cuenta III I II V VII VIII IV VI",
            "llámeme al tres-cero-cero-uno-dos-tres-cuatro-cinco-seis-siete",
            "llámeme al t-r-e-s c-e-r-o c-e-r-o u-n-o d-o-s t-r-e-s c-u-a-t-r-o",
        ],
        true,
    );
    let situation = situation("vehiculo", &SET);
    for text in ["debe 1 7 2 8 0 0 0", "son uno siete dos ocho cero cero cero", "debe ١٧٢٨٠٠٠"] {
        assert!(facts(&situation, text, Assurance::Canal).contains(&Fact::Figure), "{text}");
    }
}

#[test]
fn a_payee_in_plain_words_is_the_lender_or_a_cash_point() {
    led_astray(
        &[
            "Consigne a Luz Perea",
            "Páguele a Luz Perea",
            "páguele a luz perea",
            "Gírele a Hernán, mi compañero",
            "Transfiera la plata a la señora Luz Perea",
            "titular Luz Perea",
            "Titular: Hernán Ocampo",
            "400-765432-10 a nombre de Luz Dary",
            "Deposite en Western Union para Luz",
            "Haga el pago por la llave @luzdary23",
            "Conta Pix: luz@pix",
            "Le mando un QR, escanéelo",
            "Pague escaneando este QR",
            "Acumule a la cuenta terminada en 11",
            "Pase el saldo a la cuenta que termina en 77",
            "Cambie el último dígito de la cuenta",
            "Súmele 1 a la última cifra del convenio",
            "300",
            "45 67 8",
            "siete seis cinco cuatro",
        ],
        true,
    );
    led_astray(
        &[
            "Consigne a Banco Andino, cuenta 400-765432-10",
            "La cuenta es la 400-765432-10 a nombre de Banco Andino S.A.",
            "Puede pagar en Efecty o Baloto a partir del Lunes",
            "Puede pagar a tiempo y sin filas en la página",
            "¿Hablo con el titular del crédito?",
            "Gracias por escribir, Luz",
            "Nunca le pague a un asesor ni a Luz Perea",
            "No escanee códigos QR que le manden otras personas",
            "No cambie ningún dígito de la cuenta",
            "Estimad@s clientes, con gusto les ayudo",
            "Pague la cuota para Diciembre",
            "2",
            "15",
            "2026",
            "110342",
            "601 555 0100",
        ],
        false,
    );
}

#[test]
fn a_number_in_several_messages_is_read_as_one() {
    let situation = situation("vehiculo", &SET);
    let stopped = |messages: &[&str], level: Assurance| {
        let known = known(&situation, level);
        let mut before = String::new();
        messages.iter().any(|text| {
            let found = !mentions(text, &known, &[]).is_empty() || !parted(&before, text, &known).is_empty();
            before = joined(&before, text);
            found
        })
    };
    for level in LEVELS {
        for messages in [
            ["Anote por favor:", "31", "0", "77", "82", "64", "19"].as_slice(),
            &["Consigne a la cuenta", "55", "09", "1"],
            &["Consigne a esta cuenta:", "dos dos", "uno uno", "ocho"],
            &["Consigne a", "Luz Perea"],
            &["Entre a", "andino-pagos", ".com"],
        ] {
            assert!(stopped(messages, level), "{messages:?}");
        }
        for messages in [
            ["Con gusto.", "La cuenta es 400-765432-10", "de Banco Andino S.A.", "Su caso es el 88231", "15"]
                .as_slice(),
            &["Buenas tardes", "¿En qué le puedo ayudar?", "Con gusto", "Le cuento mañana"],
        ] {
            assert!(!stopped(messages, level), "{messages:?}");
        }
    }
}
