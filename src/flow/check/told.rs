//! Words that tell of a debt: in plain text they tell as much as a figure does, and whoever reads may be somebody else.

use crate::flow::text::closing::found;

/// That this person owes, or is late. What is asked for in general («aquí puede ver su saldo», «quiere pagar») tells
/// nothing.
const DEBT: &[&str] = &[
    "su deuda",
    "esa deuda",
    "la deuda que",
    "su prestamo",
    "su credito",
    "su mora",
    "su obligacion",
    "sus obligaciones",
    "su cuota",
    "sus cuotas",
    "prestamo que",
    "credito que",
    "tiene una deuda",
    "tiene deuda*",
    "tiene un credito",
    "tiene un prestamo",
    "tiene cuotas",
    "nos debe*",
    "nos adeuda*",
    "le debe a",
    "debe dinero",
    "debe plata",
    "lo que debe",
    "adeudad*",
    "pendiente con nosotros",
    "saldo pendiente",
    "saldos pendientes",
    "pago pendiente",
    "pagos pendientes",
    "cuota pendiente",
    "cuotas pendientes",
    "cuota atrasad*",
    "cuotas atrasad*",
    "cuota vencid*",
    "cuotas vencid*",
    "pago atrasad*",
    "pagos atrasad*",
    "en mora",
    "esta atrasad*",
    "ponerse al dia",
    "ponga al dia",
    "pongase al dia",
    "le queda por pagar",
    "tiene por pagar",
    "tiene por cancelar",
    "tiene sin pagar",
    "por pagarnos",
    "por cancelarnos",
    "pendiente de pago",
    "pendientes de pago",
    "pendiente por pagar",
    "pendientes por pagar",
    "valor pendiente",
    "valores pendientes",
    "monto pendiente",
    "tiene un pendiente",
    "cuenta pendiente",
    "cuentas pendientes",
    "sin cancelar",
    // Portuguese
    "sua divida",
    "seu emprestimo",
    "seu credito",
    "sua parcela",
    "suas parcelas",
    "tem uma divida",
    "nos deve*",
    "deve dinheiro",
    "em atraso",
    "ficar em dia",
    "fique em dia",
    "parcela atrasad*",
    "parcelas atrasad*",
    "parcela vencid*",
    "parcelas vencid*",
    "pagamento pendente",
    "saldo pendente",
    "tem a pagar",
    "tem para pagar",
    "pendente de pagamento",
    "pendentes de pagamento",
    "valor pendente",
    "valores pendentes",
    "conta pendente",
    // English
    "your debt",
    "your loan",
    "your credit",
    "your installment*",
    "your instalment*",
    "you owe",
    "owes us",
    "owe us",
    "owes money",
    "overdue",
    "in arrears",
    "past due",
    "behind on",
    "get up to date",
    "outstanding balance",
    "outstanding amount",
    "amount due",
    "amount you have to pay",
    "you have to pay us",
    "unpaid",
    "pending payment",
    "payment pending",
    "awaiting payment",
];

/// The words by which a text tells of a debt.
pub fn debt(words: &str) -> Option<String> {
    found(words, DEBT)
}

#[cfg(test)]
mod tests {
    use super::debt;

    #[test]
    fn a_debt_is_told_in_words_too() {
        for told in [
            "Le hablamos por el crédito que sacó con nosotros.",
            "La persona que atendía este celular nos debe.",
            "Avísele que se ponga al día, por favor.",
            "Você tem uma dívida conosco.",
            "Your loan is past due.",
            "Le escribimos por el valor que tiene por cancelar.",
            "Hay un asunto pendiente de pago a su nombre.",
            "Há um valor pendente em seu nome.",
            "There is a matter awaiting payment.",
        ] {
            assert!(debt(told).is_some(), "{told}");
        }
        for general in [
            "Si quiere ayudar con un pago, una persona le orienta.",
            "Aquí puede ver su saldo, pagar o acordar un pago.",
            "No poder pagar un crédito no es un delito.",
            "Gracias por su pago.",
        ] {
            assert_eq!(debt(general), None, "{general}");
        }
    }
}
