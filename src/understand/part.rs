//! A part instead of an amount: "la mitad", "una tercera parte", "el 50%". Of what, only the open question knows.

use super::offer;
use super::tokens::Token;
use crate::domain::money::Money;

/// Words of a message that is nothing but a part, or proposes one.
const WORDS_MAX: usize = 8;

/// Numerator and denominator, each above zero and the first below the second.
pub fn read(tokens: &[Token<'_>]) -> Option<(i64, i64)> {
    if tokens.len() > WORDS_MAX || offer::is_refused(tokens) {
        return None;
    }
    let mut found = (0..tokens.len()).filter_map(|at| at_token(tokens, at));
    let first = found.next()?;
    // "la mitad o un tercio" is none.
    found.all(|other| other == first).then_some(first)
}

fn at_token(tokens: &[Token<'_>], at: usize) -> Option<(i64, i64)> {
    let is = |at: usize, words: &[&str]| tokens.get(at).is_some_and(|token| token.is(words));
    if is(at, &["mitad", "metade", "half", "mita"]) {
        return Some((1, 2));
    }
    let of_whole = is(at + 1, &["parte", "partes"]);
    let named = |words: &[&str]| is(at, words) && of_whole;
    if is(at, &["tercio", "terco", "third"]) || named(&["tercera", "terceira"]) {
        return Some((1, 3));
    }
    if named(&["cuarta", "quarta"]) {
        return Some((1, 4));
    }
    if named(&["quinta"]) {
        return Some((1, 5));
    }
    let number = tokens.get(at)?.numeral()?.parse().ok().filter(|n| (1..100).contains(n))?;
    let percent = tokens.get(at + 1).is_some_and(|token| token.is_sign('%'))
        || is(at + 1, &["porciento", "percent"])
        || (is(at + 1, &["por"]) && is(at + 2, &["ciento", "cento"]));
    percent.then_some((number, 100))
}

/// So much of it, in the steps in which people pay.
pub fn of(whole: Money, (upper, lower): (i64, i64)) -> Option<Money> {
    let step = whole.currency.step_minor();
    let exact = whole.minor.checked_mul(upper)?.checked_div(lower)?;
    let minor = exact.checked_add(step / 2)?.checked_div(step)?.checked_mul(step)?;
    (minor > 0).then(|| Money::new(minor, whole.currency))
}

#[cfg(test)]
mod tests {
    use super::{of, read};
    use crate::domain::money::{Currency, Money};
    use crate::understand::normalise::fold;
    use crate::understand::tokens::tokens;

    #[test]
    fn parts_are_read_in_three_languages() {
        for (text, part) in [
            ("la mitad", Some((1, 2))),
            ("puedo pagar la mitad", Some((1, 2))),
            ("a metade", Some((1, 2))),
            ("half of it", Some((1, 2))),
            ("la tercera parte", Some((1, 3))),
            ("un tercio", Some((1, 3))),
            ("la cuarta parte", Some((1, 4))),
            ("50%", Some((50, 100))),
            ("el 30 por ciento", Some((30, 100))),
            ("no puedo ni la mitad", None),
            ("la mitad o un tercio", None),
            ("la tercera", None),
            ("150%", None),
            ("80 mil", None),
        ] {
            assert_eq!(read(&tokens(&fold(text))), part, "{text}");
        }
    }

    #[test]
    fn a_part_is_money_in_the_steps_in_which_people_pay() {
        let whole = Money::new(43_235_100, Currency::Cop);
        assert_eq!(of(whole, (1, 2)), Some(Money::new(21_617_600, Currency::Cop)));
        assert_eq!(of(Money::new(0, Currency::Cop), (1, 2)), None);
    }
}
