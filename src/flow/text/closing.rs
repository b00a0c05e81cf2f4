//! Words that say that a debt ends, or that an amount is the whole debt; and the sentences in which they stand.
//!
//! Both are true only of certain amounts, so the checker asks for a proof where they are said.

use crate::flow::expr::Expr;
use crate::flow::text::fold::fold;
use crate::flow::text::{Part, Text};

/// That nothing is owed any more. A `*` ends a word that may go on; words are compared folded.
const CLOSING: &[&str] = &[
    "cierra",
    "cierran",
    "cierre su",
    "cierre el",
    "cierre la",
    "cerrar",
    "cerrara",
    "cerraria",
    "cerrado",
    "cerrada",
    "salda",
    "saldan",
    "salde",
    "saldar*",
    "saldad*",
    "liquida",
    "liquidan",
    "liquide",
    "liquidar*",
    "liquidad*",
    "finiquit*",
    "paz y salvo",
    "no debe nada",
    "no deba nada",
    "no debera nada",
    "no deberia nada",
    "ya no debe",
    "no deber nada",
    "nada mas que pagar",
    "nada mas por pagar",
    "libre de deuda*",
    "libre de la deuda",
    "libre de su deuda",
    "libre de esa deuda",
    "libre de esta deuda",
    "queda libre",
    "quedara libre",
    "no debe mas",
    "no deba mas",
    "no debera mas",
    "ya no debera",
    "termina su credito",
    "termina el credito",
    "termina su deuda",
    "termina la deuda",
    "termina su obligacion",
    "se acaba la deuda",
    "se acaba su deuda",
    "acaba con su deuda",
    "borra su deuda",
    "en ceros",
    "en cero",
    "cancela su",
    "cancela la deuda",
    "cancela el credito",
    "cancela tod*",
    "cancelad*",
    "no adeudo",
    "libre deuda",
    "por completo",
    "totalmente pag*",
    "en su totalidad",
    "termina de pagar",
    "terminar de pagar",
    "credito termin*",
    "credito ya termin*",
    "prestamo termin*",
    "prestamo ya termin*",
    "deuda termin*",
    "deuda ya termin*",
    "obligacion termin*",
    "credito se termin*",
    "deuda se termin*",
    "credito se acab*",
    "deuda se acab*",
    "credito finaliz*",
    "deuda finaliz*",
    "deuda desaparec*",
    "deja de deber",
    "dejara de deber",
    "no nos debe*",
    "no nos deba*",
    "nos debe nada",
    "nos debera nada",
    "nada pendiente",
    "sin nada pendiente",
    "ninguna obligacion",
    "ninguna deuda",
    "sin deuda*",
    "sin obligacion*",
    "quedara ninguna",
    "queda ninguna",
    // Portuguese
    "encerra*",
    "quita a",
    "quita o",
    "quita sua",
    "quita seu",
    "quitar",
    "quitad*",
    "quitacao",
    "nao deve mais",
    "nao devera mais",
    "nada mais a pagar",
    "livre da divida",
    "livre da sua divida",
    "livre de dividas",
    "termina o seu credito",
    "termina a divida",
    "termina a sua divida",
    "emprestimo termin*",
    "divida termin*",
    "divida acab*",
    "nao nos deve*",
    "nos deve nada",
    "nada pendente",
    "nenhuma obrigacao",
    "nenhuma divida",
    "sem divida*",
    "deixa de dever",
    // English
    "you close",
    "closes",
    "close your",
    "closed",
    "settled in full",
    "settles your",
    "paid in full",
    "pays off",
    "paid off",
    "fully paid",
    "owe nothing",
    "nothing left to pay",
    "nothing more to pay",
    "clears your",
    "debt free",
    "free of debt",
    "free of your debt",
    "free of the debt",
    "owe no more",
    "ends your loan",
    "ends your debt",
    "ends the debt",
    "loan ends",
    "loan is over",
    "loan will end",
    "debt ends",
    "debt is over",
    "debt will end",
    "debt is gone",
    "no longer owe",
    "owe us nothing",
    "nothing outstanding",
    "nothing pending",
    "no obligation",
    "no debt",
    "stop owing",
];

/// That an amount is all that is owed, overdue or not.
const WHOLE: &[&str] = &[
    "deuda total",
    "total de la deuda",
    "total de su deuda",
    "total del credito",
    "total de su credito",
    "toda la deuda",
    "toda su deuda",
    "todo el credito",
    "todo su credito",
    "todo el saldo",
    "todo su saldo",
    "saldo total",
    "pago total",
    "pagar todo",
    "pagarlo todo",
    "pague todo",
    "paga todo",
    "deuda completa",
    "saldo completo",
    "credito completo",
    "todo lo que debe",
    "debe en total",
    "total que debe",
    "total adeudado",
    // Portuguese
    "divida total",
    "total da divida",
    "total da sua divida",
    "toda a divida",
    "toda a sua divida",
    "todo o credito",
    "todo o saldo",
    "pagar tudo",
    "paga tudo",
    "tudo o que deve",
    "deve no total",
    // English
    "whole debt",
    "total debt",
    "entire debt",
    "full debt",
    "whole balance",
    "full balance",
    "total balance",
    "entire balance",
    "whole loan",
    "entire loan",
    "full loan",
    "pay it all",
    "pay everything",
    "pay it off",
    "pay off",
    "payoff",
    "all you owe",
];

/// Words that give something away, which only an offer does.
const WAIVED: &[&str] = &[
    "condono",
    "condona",
    "condonan",
    "condonar*",
    "condonam*",
    "perdonamos",
    "le borramos",
    "le quitamos los intereses",
    "le rebajamos",
    "sin intereses",
    "damos descuento",
    "damos un descuento",
    "descuento especial",
    "gran descuento",
    "la mitad de",
    "mitad de descuento",
    "media deuda",
    "sorteo",
    "rifa",
    "se gana un",
    "puede ganar",
    "un premio",
    "un regalo",
    "perdoamos",
    "desconto especial",
    "metade de desconto",
    "metade da divida",
    "sorteio",
    "pode ganhar",
    "um premio",
    "um presente",
    "abatemos os juros",
    "tiramos os juros",
    "sem juros",
    "we waive",
    "waive your",
    "we forgive",
    "special discount",
    "half off",
    "half of your",
    "half the debt",
    "raffle",
    "prize draw",
    "a prize",
    "you can win",
    "a gift",
    "without interest",
    "interest free",
];
/// The words by which a text gives something away.
pub fn given_away(text: &str) -> Option<String> {
    found(text, WAIVED)
}

/// The words by which a text says that a debt ends.
pub fn closing(text: &str) -> Option<String> {
    found(text, CLOSING)
}

/// The words by which a text says that a debt ends, or that an amount is the whole debt.
pub fn whole_debt(text: &str) -> Option<String> {
    closing(text).or_else(|| found(&without_overdue(text), WHOLE))
}

/// "Todo el saldo vencido" is no more than what is overdue.
fn without_overdue(text: &str) -> String {
    let folded = fold(text);
    OVERDUE_BALANCE.iter().fold(folded, |text, phrase| text.replace(phrase, "vencido"))
}

const OVERDUE_BALANCE: [&str; 3] = ["saldo vencido", "saldo em atraso", "overdue balance"];

/// The first of the phrases that stands in a text; a `*` ends a word that may go on, and words are compared folded.
pub fn found(text: &str, phrases: &[&str]) -> Option<String> {
    let folded = fold(text);
    phrases
        .iter()
        .map(|phrase| (phrase.trim_end_matches('*'), phrase.ends_with('*')))
        .find(|(phrase, goes_on)| stands(&folded, phrase, *goes_on))
        .map(|(phrase, _)| phrase.to_owned())
}

/// Whether a phrase stands in a folded text, from a word's beginning to a word's end, or within one that goes on.
fn stands(folded: &str, phrase: &str, goes_on: bool) -> bool {
    let begins = std::iter::once(0).chain(folded.match_indices(' ').map(|(at, _)| at + 1));
    begins
        .filter_map(|at| folded[at..].strip_prefix(phrase))
        .any(|rest| goes_on || rest.is_empty() || rest.starts_with(' '))
}

/// Where a phrase ends last in a folded text, and its length.
pub fn last_found(folded: &str, phrase: &str) -> Option<(usize, usize)> {
    let at = format!(" {folded} ").rfind(&format!(" {phrase} "))?;
    Some((at + phrase.len(), phrase.len()))
}

/// One sentence or line of a text, with what it shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sentence<'t> {
    pub words: String,
    pub shows: Vec<&'t Expr>,
}

/// The sentences of a text. A line ends one, so does `.`, `?` or `!` before a space or the end.
pub fn sentences(text: &Text) -> Vec<Sentence<'_>> {
    let mut all = Vec::new();
    let mut open = Sentence::default();
    for part in &text.parts {
        match part {
            Part::Slot { value, .. } => {
                open.words.push_str(" x ");
                open.shows.push(value);
            }
            Part::Literal(literal) => {
                let mut chars = literal.chars().peekable();
                while let Some(c) = chars.next() {
                    open.words.push(c);
                    let ends =
                        matches!(c, '.' | '?' | '!') && chars.peek().is_some_and(|next| next.is_whitespace());
                    if ends || c == '\n' {
                        all.push(std::mem::take(&mut open));
                    }
                }
            }
        }
    }
    all.push(open);
    all
}

#[cfg(test)]
mod tests {
    use super::{closing, sentences, whole_debt};
    use crate::flow::expr::Expr;
    use crate::flow::text::{Format, Part, Text};

    #[test]
    fn words_that_end_a_debt_are_known_in_three_languages() {
        for said in [
            "Así cierra su crédito.",
            "Queda a PAZ Y SALVO",
            "con eso saldó y queda saldada",
            "liquidará su préstamo",
            "Você encerra a dívida",
            "você quita a dívida",
            "you close it",
            "Paid-in-full",
            "no debe nada más",
            "Con esto queda libre de su deuda.",
            "con esto termina su crédito",
            "Después no debe más.",
            "você fica livre da dívida",
            "you are free of debt",
            "Al final su préstamo terminará.",
            "esa deuda ya terminó",
            "Con esto usted no nos deberá nada",
            "no le quedará ninguna deuda",
            "a sua dívida acaba aqui",
            "after that you owe us nothing",
        ] {
            assert!(closing(said).is_some(), "{said}");
        }
        for said in
            ["Se pone al día", "su saldo", "Un cierre de caja", "quita del 20 %", "disclosed", "le ayudo"]
        {
            assert_eq!(closing(said), None, "{said}");
        }
        for said in ["Pagar todo", "la deuda total", "todo o crédito", "the whole loan"] {
            assert!(closing(said).is_none() && whole_debt(said).is_some(), "{said}");
        }
        assert_eq!(whole_debt("Todo lo vencido, en total 3 cuotas"), None);
    }

    #[test]
    fn a_sentence_ends_with_its_line_or_its_full_stop() {
        let amount =
            |name: &str| Part::Slot { value: Expr::Path(vec![name.to_owned()]), format: Format::Money };
        let literal = |text: &str| Part::Literal(text.to_owned());
        let parts = vec![
            literal("Banco S.A. Vencido: "),
            amount("a"),
            literal(". Deuda total: "),
            amount("b"),
            literal("\n¿Lo "),
            amount("c"),
            literal("?"),
        ];
        let text = Text { parts, ..Text::default() };
        let shown: Vec<(usize, bool)> = sentences(&text)
            .iter()
            .map(|sentence| (sentence.shows.len(), whole_debt(&sentence.words).is_some()))
            .collect();
        assert_eq!(shown, [(0, false), (1, false), (1, true), (1, false)]);
    }
}
