//! Words, numerals and the few signs that amounts and dates are written with.

/// A piece of folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    Word(&'a str),
    /// Digits with `.`, `,` or `'` inside: `1'240.000`.
    Numeral(&'a str),
    /// `$ / - : % #` and the signs of other currencies.
    Sign(char),
}

/// Tokens of one message at most; what follows is not read for amounts and dates.
const TOKENS_MAX: usize = 600;

impl<'a> Token<'a> {
    pub const fn word(self) -> Option<&'a str> {
        match self {
            Self::Word(word) => Some(word),
            Self::Numeral(_) | Self::Sign(_) => None,
        }
    }

    pub const fn numeral(self) -> Option<&'a str> {
        match self {
            Self::Numeral(numeral) => Some(numeral),
            Self::Word(_) | Self::Sign(_) => None,
        }
    }

    pub fn is(self, words: &[&str]) -> bool {
        self.word().is_some_and(|word| words.contains(&word))
    }

    pub fn is_sign(self, sign: char) -> bool {
        self == Self::Sign(sign)
    }
}

/// Cuts folded text into tokens.
pub fn tokens(folded: &str) -> Vec<Token<'_>> {
    let mut list = Vec::new();
    let mut rest = folded;
    while let Some(first) = rest.chars().next() {
        if list.len() >= TOKENS_MAX {
            break;
        }
        let length = if first.is_ascii_digit() {
            numeral_length(rest)
        } else if first.is_alphabetic() {
            rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (piece, after) = rest.split_at(length);
        rest = after;
        if first.is_ascii_digit() {
            list.push(Token::Numeral(piece));
        } else if first.is_alphabetic() {
            list.push(Token::Word(piece));
        } else if matches!(first, '$' | '/' | '-' | ':' | '%' | '#' | '€' | '£' | '¥') {
            list.push(Token::Sign(first));
        } else if first == '\u{2044}' {
            // "½" is folded to "1⁄2".
            list.push(Token::Sign('/'));
        }
    }
    list
}

/// Bytes of the numeral at the start: a separator belongs to it when a digit follows, a blank when exactly `000` does, or
/// another three digits after one to three ("1 500 000").
fn numeral_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut at = 0;
    loop {
        if digit(at) {
            at += 1;
        } else if matches!(bytes.get(at), Some(b'.' | b',' | b'\'')) && digit(at + 1) {
            at += 2;
        } else if bytes.get(at) == Some(&b' ') && (1..4).all(|n| digit(at + n)) && !digit(at + 4) {
            let zeros = bytes.get(at + 1..at + 4) == Some(b"000");
            let grouped =
                bytes.iter().take(at).skip(1).filter(|byte| !byte.is_ascii_digit()).all(|b| *b == b' ');
            let leads = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count() <= 3;
            if !(zeros || grouped && leads && starts_groups(bytes, at)) {
                return at;
            }
            at += 4;
        } else {
            return at;
        }
    }
}

/// Whether the blank at `at` stands among groups of which there are two at least: "80 500" may be two numbers.
fn starts_groups(bytes: &[u8], at: usize) -> bool {
    let group = |at: usize| {
        let digit = |n: usize| bytes.get(at + n).is_some_and(u8::is_ascii_digit);
        bytes.get(at) == Some(&b' ') && digit(1) && digit(2) && digit(3) && !digit(4)
    };
    group(at + 4) || at.checked_sub(4).is_some_and(group)
}

#[cfg(test)]
mod tests {
    use super::{Token, tokens};

    #[test]
    fn numerals_keep_their_separators() {
        assert_eq!(
            tokens("son $1'240.000, el 5/12."),
            [
                Token::Word("son"),
                Token::Sign('$'),
                Token::Numeral("1'240.000"),
                Token::Word("el"),
                Token::Numeral("5"),
                Token::Sign('/'),
                Token::Numeral("12"),
            ]
        );
        assert_eq!(tokens("80 000 k"), [Token::Numeral("80 000"), Token::Word("k")]);
        assert_eq!(tokens("1 500 250"), [Token::Numeral("1 500 250")]);
        assert_eq!(tokens("80 500"), [Token::Numeral("80"), Token::Numeral("500")]);
        assert_eq!(tokens("300 123 4567").len(), 3);
    }
}
