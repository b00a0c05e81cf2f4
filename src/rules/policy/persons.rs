//! Money never goes to a person: a payee that carries somebody's name beside the lender's, a tax number of a person, a wallet
//! that opens with somebody's mobile.

use crate::rules::policy::payee::{Own, words};
use crate::rules::policy::read::{Fields, Reader};

/// Words of the names of companies and of their accounts, in the countries and languages of debtors.
const COMPANY: &str = "a acciones actividad anonima ahorro ahorros al autonomo autonomos bank banco bancario bancaria bursatil c \
     cartera carteras cia co cobranza cobranzas comercial comisionista compania companhia comunitaria consumo cooperativa corp \
     corporacion credito creditos crediticia cuenta cuentas da de del digital do e eirl el em en enr entidad er establecimiento \
     fid fideicomiso fiduciaria fiduciario filial financeira financiamiento financiera financiero financieros fintech fondo fondos \
     fundo garantia garantias grupo holding i inc industria institucion instituicao internacional inversion inversiones \
     investimento l la las latam limitada liquidacion llc los ltd ltda m medianas microfinanciera microcreditos multiple \
     nacional no o objeto para pago pagos pagamento pagamentos patrimonio patrimonios por prestamo prestamos promotora r \
     recaudo recaudos recaudadora recaudacion recebimento regulada reorganizacion responsabilidad s sa sab sac sapi sas sc \
     servicio servicios servicos simplificada sociedad sociedade sofom sofipo spa srl sucursal titularizadora titulizadora trust \
     v variable y";
/// Countries, as companies write them behind their names.
const COUNTRIES: &str = "argentina brasil brazil chile colombia ecuador mexico peru";
/// One of these stands in the name of whoever collects for a lender.
const COLLECTS: &str = "bank banco compania cia cooperativa eirl fid fideicomiso fiduciaria fiduciario financeira financiera \
     fondo inc limitada llc ltd ltda patrimonio sa sab sac sapi sas sociedad sociedade spa srl titularizadora titulizadora trust";
/// Wallets that open with the mobile of whoever has them.
const WALLETS: [&str; 12] = [
    "nequi",
    "daviplata",
    "movii",
    "dale",
    "tpaga",
    "rappipay",
    "yape",
    "plin",
    "mach",
    "tenpo",
    "cuentarut",
    "paypal",
];
/// What a giro to a person is asked for, where a cash network wants the number of an agreement.
const PERSONAL: [&str; 12] =
    ["cedula", "cc", "dni", "curp", "rut", "cpf", "nombre", "titular", "giro", "celular", "movil", "persona"];

/// The payee is a company, and nobody else's name stands beside the lender's.
pub fn check_payee(reader: &Reader<'_>, fields: &Fields<'_>, own: &Own) {
    let declared = fields.get("holder_is_trustee").is_some_and(|node| node.text() == "true");
    if let (Some(node), Some(name)) = (fields.get("holder"), &own.name) {
        let said = words(node.text());
        let own_words = words(name);
        if declared {
            // `S.A.` is two letters, and so is many another short form.
            let collects = said.iter().any(|word| is_in(COLLECTS, word)) || has_short_form(&said);
            if !collects {
                let what = format!("`{}` is read as the name of a person", node.text());
                let remedy = "a trust or a company collects for a lender: write its whole name, such as `Fiduciaria del Sur S.A.`";
                reader.report(node.place, what, remedy);
            }
        } else if own_words.iter().all(|word| said.contains(word)) {
            let besides = |word: &&String| {
                !own_words.contains(word) && !is_in(COMPANY, word) && !is_in(COUNTRIES, word)
            };
            let besides: Vec<&str> = said.iter().filter(besides).map(String::as_str).collect();
            if !besides.is_empty() {
                let what = format!(
                    "`{}` names somebody beside `{name}`: {}",
                    node.text(),
                    besides.iter().map(|word| format!("“{word}”")).collect::<Vec<_>>().join(", ")
                );
                let remedy = "write the lender's name as the bank has it, and nobody else's; nothing is ever paid to a person";
                reader.report(node.place, what, remedy);
            }
        }
    }
    if let (Some(node), Some(country)) = (fields.get("holder_tax_id"), &own.country)
        && is_of_person(country, node.text())
    {
        let what = format!("`{}` is the tax number of a person", node.text());
        reader.report(node.place, what, "copy the company's own from the bank's certificate of the account");
    }
    for key in ["bank", "account_type", "account_number"] {
        let Some(node) = fields.get(key) else { continue };
        if let Some(wallet) = words(node.text()).iter().find(|word| WALLETS.contains(&word.as_str())) {
            let what = format!("`{wallet}` is a wallet, and opens with somebody's phone");
            let remedy = "write an account of the lender at a bank; nothing is ever paid to a person";
            reader.report(node.place, what, remedy);
        }
    }
}

/// What a cash network asks for is the number of an agreement, and not somebody to send a giro to.
pub fn check_point(reader: &Reader<'_>, fields: &Fields<'_>, own: &Own) {
    let is_personal = |text: &str| words(text).iter().any(|word| PERSONAL.contains(&word.as_str()));
    if let Some(node) = fields.get("network").filter(|node| is_personal(node.text())) {
        let what = format!("`{}` is no network, but somebody to send money to", node.text());
        reader.report(node.place, what, "write the name of the network alone, such as `Efecty`");
    }
    let Some(node) = fields.get("convention") else { return };
    let digits: String = node.text().chars().filter(char::is_ascii_digit).collect();
    if is_personal(node.text()) || is_mobile(own.country.as_deref(), &digits) {
        let what = format!("`{}` is of a person, and no agreement of the lender", node.text());
        reader.report(node.place, what, "write the number of the agreement (convenio) that the network gave");
    }
}

/// Mobiles: ten digits from 3 in Colombia (Resolución CRC 5967 of 2020), nine from 9 in Peru and Chile.
fn is_mobile(country: Option<&str>, digits: &str) -> bool {
    match country {
        Some("CO") => digits.len() == 10 && digits.starts_with('3'),
        Some("PE" | "CL") => digits.len() == 9 && digits.starts_with('9'),
        _ => false,
    }
}

/// Whether a tax number is of a person, where numbers show it. Companies have nine digits from 8 or 9 in Colombia, numbers from 20
/// in Peru, from 30 in Argentina, of 14 digits in Brazil and from 50 millions in Chile.
fn is_of_person(country: &str, text: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let number = digits(text.split_once('-').map_or(text, |(number, _)| number));
    let all = digits(text);
    match country {
        "CO" => !(number.is_empty() || number.len() == 9 && number.starts_with(['8', '9'])),
        "PE" => all.len() == 11 && !all.starts_with("20"),
        "AR" => all.len() == 11 && all.starts_with('2'),
        "BR" => all.len() == 11,
        "CL" => number.len() <= 8 && number.parse::<u32>().is_ok_and(|number| number < 50_000_000),
        _ => false,
    }
}

/// Whether letters that stand alone make a form such as `S.A.` or `S.A.S.`.
fn has_short_form(words: &[String]) -> bool {
    words.windows(2).any(|pair| matches!(pair, [first, second] if first == "s" && ["a", "c", "r", "p"].contains(&second.as_str())))
}

fn is_in(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|one| one == word)
}

#[cfg(test)]
mod tests {
    use super::is_of_person;
    use crate::rules::policy::parse;

    const ANDINO: &str = include_str!("../../../flows/policies/andino.yaml");

    fn after(from: &str, to: &str) -> Vec<String> {
        assert!(ANDINO.contains(from), "{from}");
        let parsed = parse("a.yaml", &ANDINO.replacen(from, to, 1));
        parsed.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn nobody_is_paid_under_the_lenders_name() {
        for (from, to, said) in [
            ("holder: Banco Andino S.A.", "holder: Pedro Gómez, Banco Andino", "“pedro”, “gomez”"),
            ("holder: Banco Andino S.A.", "holder: Banco Andino S.A. / L. Rojas", "“rojas”"),
            (
                "holder: Banco Andino S.A.",
                "holder: Carlos Pérez\n    holder_is_trustee: true",
                "the name of a person",
            ),
            // A cédula with its right digit.
            ("\"900123456-8\"", "\"79483216-3\"", "tax number of a person"),
            ("bank: Banco Andino\n", "bank: Nequi\n", "is a wallet"),
            ("account_type: Ahorros", "account_type: DaviPlata", "is a wallet"),
            ("convention: \"110342\"", "convention: \"300 123 4567\"", "is of a person"),
            ("network: Efecty", "network: Giro a Marta Ruiz", "is no network"),
            ("convention: \"110342\"", "convention: \"giro a la cédula 79483216\"", "is of a person"),
        ] {
            let shown = after(from, to);
            assert!(shown.iter().any(|one| one.contains(said)), "{to}: {shown:#?}");
        }
    }

    #[test]
    fn companies_are_paid() {
        for to in [
            "holder: Banco Andino S.A.S.",
            "holder: BANCO ANDINO SOCIEDAD ANÓNIMA",
            "holder: Banco Andino Colombia S.A. Establecimiento Bancario",
            "holder: Fideicomiso Recaudos Banco Andino",
            "holder: Fiduciaria del Sur\n    holder_is_trustee: true",
            "holder: Recaudos del Norte S.A.\n    holder_is_trustee: true",
        ] {
            assert_eq!(after("holder: Banco Andino S.A.", to), Vec::<String>::new(), "{to}");
        }
        assert_eq!(after("\"900123456-8\"", "\"899.999.090-2\""), Vec::<String>::new());
    }

    #[test]
    fn numbers_tell_persons_from_companies() {
        for (country, text, person) in [
            ("CO", "900123456-8", false),
            ("CO", "800.197.268-4", false),
            ("CO", "1020304050-1", true),
            ("PE", "20100047218", false),
            ("PE", "10456789012", true),
            ("AR", "30-50001091-2", false),
            ("AR", "20-12345678-9", true),
            ("BR", "00.000.000/0001-91", false),
            ("BR", "123.456.789-09", true),
            ("CL", "97.004.000-5", false),
            ("CL", "12.345.678-5", true),
            ("MX", "CNO010101AB1", false),
        ] {
            assert_eq!(is_of_person(country, text), person, "{country} {text}");
        }
    }
}
