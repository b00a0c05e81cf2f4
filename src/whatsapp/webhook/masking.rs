//! Blots secrets out of a delivery before anything is read of it or stored: in every text, whatever the type of the
//! message, in forms, and in what is no JSON at all.
//!
//! The signature was checked on the bytes as they came; what is kept proves what Meta sent but for the secrets.

use super::repair;
use crate::rules::secrets::{self, MASK};
use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::collections::HashSet;

/// Keys of Meta and of ours whose values are never a person's words: `id`, `from`, `url` and their like.
const TECHNICAL: [&str; 22] = [
    "id",
    "from",
    "to",
    "timestamp",
    "sha256",
    "hash",
    "mime_type",
    "type",
    "status",
    "object",
    "field",
    "event",
    "messaging_product",
    "display_phone_number",
    "biz_opaque_callback_data",
    "payload",
    "flow_token",
    "latitude",
    "longitude",
    "code",
    "time",
    "expiration",
];
const TECHNICAL_ENDINGS: [&str; 5] = ["_id", "url", "_clid", "_timestamp", "_secret"];

/// Fields of a form, or of a type of message yet unknown, that are secret whatever they hold, folded.
const SECRET_FIELDS: [&str; 17] = [
    "cvv",
    "cvc",
    "cvv2",
    "pin",
    "nip",
    "otp",
    "clave",
    "password",
    "passcode",
    "contrasena",
    "senha",
    "token",
    "securitycode",
    "codigodeseguridad",
    "codigoseguridad",
    "cardnumber",
    "numerotarjeta",
];

/// A form in a form in a form … is not looked into deeper.
const DEPTH_MAX: u32 = 4;
/// A number of a card's length, outside of quotes.
const NUMBER_MIN: usize = 13;

/// The body without its secrets, and in how many places there were some.
pub fn json(body: &[u8]) -> (Cow<'_, [u8]>, u32) {
    Walk::over(body, 0)
}

/// The same for a body that is no JSON.
pub fn text(body: &[u8]) -> (Cow<'_, [u8]>, u32) {
    match secrets::mask(&String::from_utf8_lossy(body)) {
        Some(masked) => (Cow::Owned(masked.text.into_bytes()), masked.n_places),
        None => (Cow::Borrowed(body), 0),
    }
}

/// Keys under which a person's own words stand.
const WORDS: [&str; 2] = ["body", "caption"];
/// In place of words that were read.
const READ: &str = "••••";

/// The body without these words, which stand elsewhere once they were read.
pub fn without<'b>(body: &'b [u8], words: &'b HashSet<&'b str>) -> Cow<'b, [u8]> {
    let mut walk = Walk::new(body, 0);
    walk.words = Some(words);
    walk.whole().0
}

/// One pass over a document: its texts and long numbers, each with the key that it stands under.
struct Walk<'b> {
    body: &'b [u8],
    at: usize,
    key: Cow<'b, str>,
    depth: u32,
    masked: Vec<u8>,
    /// How much of `body` is in `masked`.
    copied: usize,
    n_places: u32,
    /// Words to leave out, in place of secrets.
    words: Option<&'b HashSet<&'b str>>,
}

impl<'b> Walk<'b> {
    fn over(body: &'b [u8], depth: u32) -> (Cow<'b, [u8]>, u32) {
        Self::new(body, depth).whole()
    }

    const fn new(body: &'b [u8], depth: u32) -> Self {
        let key = Cow::Borrowed("");
        Self { body, at: 0, key, depth, masked: Vec::new(), copied: 0, n_places: 0, words: None }
    }

    fn whole(mut self) -> (Cow<'b, [u8]>, u32) {
        while let Some(byte) = self.body.get(self.at) {
            match byte {
                b'"' => self.string(),
                b'0'..=b'9' if self.words.is_none() => self.number(),
                _ => self.at += 1,
            }
        }
        if self.n_places == 0 {
            return (Cow::Borrowed(self.body), 0);
        }
        self.masked.extend_from_slice(self.body.get(self.copied..).unwrap_or_default());
        (Cow::Owned(self.masked), self.n_places)
    }

    fn string(&mut self) {
        let start = self.at;
        let mut end = start + 1;
        loop {
            match self.body.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(_) => end += 1,
                // Cut off: what there is of it is the last text.
                None => {
                    end = self.body.len();
                    break;
                }
            }
        }
        self.at = (end + 1).min(self.body.len());
        let inner = self.body.get(start + 1..end).unwrap_or_default();
        let rest = self.body.get(self.at..).unwrap_or_default();
        if rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':') {
            self.key = decoded(inner);
        } else if let Some(words) = self.words {
            if WORDS.contains(&self.key.as_ref()) && words.contains(decoded(inner).as_ref()) {
                self.put(start, READ, 1);
            }
        } else if !is_technical(&self.key)
            && let Some((masked, n_places)) = self.value(&decoded(inner))
        {
            self.put(start, &masked, n_places);
        }
    }

    /// Outside of quotes; only an unknown type would send a card so.
    fn number(&mut self) {
        let start = self.at;
        let rest = self.body.get(start..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit() || b".eE+-".contains(byte)).count();
        self.at = start + length;
        let literal = self.body.get(start..self.at).unwrap_or_default();
        let secret = is_secret_field(&self.key);
        if is_technical(&self.key) || !(secret || length >= NUMBER_MIN) {
            return;
        }
        if secret || secrets::mask(&String::from_utf8_lossy(literal)).is_some() {
            self.put(start, MASK, 1);
        }
    }

    /// What a text is without its secrets; `None` when it holds none.
    fn value(&self, text: &str) -> Option<(String, u32)> {
        if is_secret_field(&self.key) && !text.is_empty() && text != MASK {
            return Some((MASK.to_owned(), 1));
        }
        let within = text.trim_start().starts_with(['{', '[']) && self.depth < DEPTH_MAX;
        if within && serde_json::from_str::<IgnoredAny>(text).is_ok() {
            let (masked, n_places) = Walk::over(text.as_bytes(), self.depth + 1);
            return (n_places > 0).then(|| (String::from_utf8_lossy(&masked).into_owned(), n_places));
        }
        secrets::mask(text).map(|masked| (masked.text, masked.n_places))
    }

    /// Writes `text` in place of what stands between `start` and here.
    fn put(&mut self, start: usize, text: &str, n_places: u32) {
        self.masked.extend_from_slice(self.body.get(self.copied..start).unwrap_or_default());
        // A text is always JSON.
        self.masked.extend(serde_json::to_vec(text).unwrap_or_default());
        self.copied = self.at;
        self.n_places = self.n_places.saturating_add(n_places);
    }
}

/// A text between its quotes, without escapes.
fn decoded(inner: &[u8]) -> Cow<'_, str> {
    let written = String::from_utf8_lossy(inner);
    if !written.contains('\\') {
        return written;
    }
    let quoted = format!("\"{}\"", repair::lone_surrogates(&written));
    match serde_json::from_str(&quoted) {
        Ok(text) => Cow::Owned(text),
        Err(_) => written,
    }
}

fn is_technical(key: &str) -> bool {
    TECHNICAL.contains(&key) || TECHNICAL_ENDINGS.iter().any(|ending| key.ends_with(ending))
}

fn is_secret_field(key: &str) -> bool {
    SECRET_FIELDS.contains(&secrets::folded(key).as_str())
}

#[cfg(test)]
mod tests {
    use super::{json, text};

    fn masked(body: &str) -> String {
        String::from_utf8(json(body.as_bytes()).0.into_owned()).unwrap()
    }

    #[test]
    fn secrets_go_from_every_text_of_a_document_and_the_rest_stays_to_the_byte() {
        for (body, expected) in [
            (r#"{"text":{"body":"cvv 123"}}"#, r#"{"text":{"body":"cvv ████"}}"#),
            (r#"{"a":"4111\u0031111 1111\n1111"}"#, r#"{"a":"████"}"#),
            (r#"{"a":["4111111111111111", 4111111111111111, 5]}"#, r#"{"a":["████", "████", 5]}"#),
            (
                r#"{"x":{"profile":{"name":"Ana 5555555555554444"}}}"#,
                r#"{"x":{"profile":{"name":"Ana ████"}}}"#,
            ),
            (r#"{"b":"mi \"clave\" es tigre22 \ud83d\ude42"}"#, "{\"b\":\"mi \\\"clave\\\" es ████ 🙂\"}"),
            (r#"{"b":"cvv 123 \ud83d"}"#, "{\"b\":\"cvv ████ \u{fffd}\"}"),
            (
                r#"{"response_json":"{\"cvv\":\"12\",\"card\":4111111111111111,\"pin\":77,\"a\":\"b\"}"}"#,
                r#"{"response_json":"{\"cvv\":\"████\",\"card\":\"████\",\"pin\":\"████\",\"a\":\"b\"}"}"#,
            ),
            (r#"{"a":"4111111111111111""#, r#"{"a":"████""#),
            (
                r#"{"type":"login","login":{"user":"ana","password":"gato","pin":77}}"#,
                r#"{"type":"login","login":{"user":"ana","password":"████","pin":"████"}}"#,
            ),
        ] {
            assert_eq!(masked(body), expected, "{body}");
        }
    }

    #[test]
    fn what_is_no_persons_words_is_left_alone() {
        for body in [
            r#"{"id":"4111111111111111","phone_number_id":"4111111111111111","from":"4111111111111111"}"#,
            r#"{"url":"https://x/?mid=4111111111111111","sha256":"4111111111111111","timestamp":"1764406080"}"#,
            r#"{"button":{"payload":"opciones:4111111111111111"},"latitude":4.111111111111111}"#,
            r#"{"text":{"body":"mi cédula es 1090004821 y debo 432.350"}}"#,
            "",
            "{",
            "\"",
            "\"\\",
        ] {
            let (same, n_places) = json(body.as_bytes());
            assert_eq!((same.as_ref(), n_places), (body.as_bytes(), 0), "{body}");
        }
    }

    #[test]
    fn what_is_no_json_loses_its_secrets_too() {
        assert_eq!(text(b"pin 4821 \xff").0.as_ref(), "pin ████ \u{fffd}".as_bytes());
        assert_eq!(text(b"hola \xff").0.as_ref(), b"hola \xff");
    }
}
