//! From bytes to text: UTF-8 or Windows-1252, never a mixture of both, and no file that is no text.

use crate::debts::csv::{FILE_BYTES_MAX, whole};
use crate::debts::error::ImportError;
use std::collections::BTreeSet;

/// A file's text with `\n` or `\r\n` at the end of lines, and the lines that are in another encoding than the rest.
#[derive(Debug)]
pub struct DebtText {
    text: String,
    /// Where it begins: behind a byte order mark.
    begin: usize,
    pub(super) odd_lines: BTreeSet<u64>,
    odd_in_utf8: bool,
}

impl DebtText {
    /// UTF-8 with or without a byte order mark, else Windows-1252, of which Latin-1 is a part. UTF-8 is not copied.
    ///
    /// # Errors
    /// A file that is too large, or no text.
    pub fn of(bytes: Vec<u8>) -> Result<Self, ImportError> {
        if bytes.len() > FILE_BYTES_MAX {
            return Err(whole(1, "the file is larger than 512 MiB", "split it by persons"));
        }
        let begin = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        if let Some(kind) = no_csv(bytes.get(begin..).unwrap_or_default()) {
            let reason = format!("the file is {kind}, not CSV");
            let remedy = "save it as `CSV UTF-8 (comma delimited)` and import that file";
            return Err(whole(1, &reason, remedy));
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                Ok(Self { text: line_ends(text), begin, odd_lines: BTreeSet::new(), odd_in_utf8: false })
            }
            Err(error) => Ok(Self::mixed(error.as_bytes().get(begin..).unwrap_or_default())),
        }
    }

    /// What is not UTF-8, or not all of it.
    fn mixed(bytes: &[u8]) -> Self {
        let (with_utf8, without) = evidence(bytes);
        let odd_in_utf8 = without.len() > with_utf8.len();
        let text = if odd_in_utf8 || with_utf8.is_empty() {
            let mut text = String::with_capacity(bytes.len() + bytes.len() / 16);
            text.extend(bytes.iter().map(|byte| windows_1252(*byte)));
            text
        } else {
            String::from_utf8_lossy(bytes).into_owned()
        };
        let odd_lines = match (with_utf8.is_empty(), odd_in_utf8) {
            (true, _) => BTreeSet::new(),
            (false, true) => with_utf8,
            (false, false) => without,
        };
        Self { text: line_ends(text), begin: 0, odd_lines, odd_in_utf8 }
    }

    pub fn text(&self) -> &str {
        self.text.get(self.begin..).unwrap_or_default()
    }

    /// What is wrong with each of the odd lines.
    pub(super) fn odd(&self, line: u64) -> ImportError {
        let reason = if self.odd_in_utf8 {
            "the line is in UTF-8, the others are in Windows-1252 (Latin-1)"
        } else {
            "the line is not in UTF-8, the others are"
        };
        whole(line, reason, "export the whole file in one encoding, best in UTF-8")
    }
}

/// What a file is whose first bytes are those of something else.
fn no_csv(bytes: &[u8]) -> Option<&'static str> {
    /// Bytes that are looked at for zeros.
    const LOOKED_AT: usize = 1_000;
    let begins = |with: &[u8]| bytes.starts_with(with);
    if begins(b"\xff\xfe") || begins(b"\xfe\xff") {
        return Some("UTF-16 (`Unicode text`)");
    }
    if begins(b"PK\x03\x04") {
        return Some("a workbook (.xlsx or .ods) or an archive");
    }
    if begins(b"\xd0\xcf\x11\xe0") {
        return Some("an old Excel workbook (.xls)");
    }
    if begins(b"\x1f\x8b") {
        return Some("compressed (gzip)");
    }
    if begins(b"%PDF") {
        return Some("a PDF");
    }
    if bytes.trim_ascii_start().starts_with(b"<") {
        return Some("HTML or XML");
    }
    if bytes.iter().take(LOOKED_AT).filter(|byte| **byte == 0).count() * 4 > bytes.len().min(LOOKED_AT) {
        return Some("UTF-16 (`Unicode text`)");
    }
    None
}

/// Lines with a letter beyond ASCII in valid UTF-8, and lines with a byte that is no UTF-8. In Windows-1252 a pair
/// such as `Ã©` is no part of a word, so the first are evidence.
fn evidence(bytes: &[u8]) -> (BTreeSet<u64>, BTreeSet<u64>) {
    let (mut with, mut without) = (BTreeSet::new(), BTreeSet::new());
    let mut line = 1;
    for chunk in bytes.utf8_chunks() {
        let mut before = ' ';
        for c in chunk.valid().chars() {
            // As `line_ends` makes lines.
            line += u64::from(c == '\n' && before != '\r' || c == '\r');
            if !c.is_ascii() {
                with.insert(line);
            }
            before = c;
        }
        if !chunk.invalid().is_empty() {
            without.insert(line);
        }
    }
    (with, without)
}

/// The Encoding Standard's Windows-1252; the five bytes without a character become U+FFFD, which no value may hold.
fn windows_1252(byte: u8) -> char {
    const FROM_80: [char; 32] = [
        '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž', '\u{fffd}',
        '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => FROM_80[usize::from(byte - 0x80)],
        other => char::from(other),
    }
}

/// A lone carriage return ends a line too (old spreadsheets); only line feeds are counted as lines later.
fn line_ends(text: String) -> String {
    let bytes = text.as_bytes();
    let is_lone = |(at, byte): (usize, &u8)| *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    if bytes.iter().enumerate().any(is_lone) {
        return text.replace("\r\n", "\n").replace('\r', "\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::DebtText;

    fn told(bytes: &[u8]) -> String {
        DebtText::of(bytes.to_vec()).map_or_else(|error| error.to_string(), |read| read.text().to_owned())
    }

    #[test]
    fn a_file_that_is_no_text_is_named_in_one_line() {
        let utf16: Vec<u8> = "lender;cliente\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [b"\xff\xfe".as_slice(), &utf16].concat();
        let big: Vec<u8> = "lender;cliente\r\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (bytes, kind) in [
            (marked.as_slice(), "UTF-16"),
            (&utf16, "UTF-16"),
            (&big, "UTF-16"),
            (b"PK\x03\x04\x14\x00\x06\x00", ".xlsx"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".xls"),
            (b"\x1f\x8b\x08\x00", "gzip"),
            (b"%PDF-1.7\n", "PDF"),
            (b"\xef\xbb\xbf \n<html><table>", "HTML"),
        ] {
            let told = told(bytes);
            assert!(told.starts_with("line 1: the file is ") && told.contains(kind), "{told}");
            assert!(told.contains("CSV UTF-8"), "{told}");
        }
    }

    #[test]
    fn windows_1252_is_read_with_its_punctuation() {
        assert_eq!(told(b"O\x92Higgins \x96 Pe\xf1a \x80"), "O’Higgins – Peña €");
        assert_eq!(told(b"a\x81b"), "a\u{fffd}b");
    }

    #[test]
    fn the_fewer_lines_of_a_mixture_are_the_odd_ones() {
        let (utf8, latin) = ("Peña".as_bytes(), b"Pe\xf1a".as_slice());
        for (end, lines, odd) in [
            (b"\n".as_slice(), vec![utf8, utf8, latin], vec![3]),
            (b"\r\n", vec![utf8, latin, b"a", utf8], vec![2]),
            (b"\r", vec![latin, utf8, latin], vec![2]),
            (b"\r\n", vec![b"", latin, latin, latin, b"", utf8], vec![6]),
            (b"\n", vec![latin, b"a", latin], vec![]),
        ] {
            let file = lines.join(end);
            let read = DebtText::of(file).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(Vec::from_iter(read.odd_lines.clone()), odd, "{:?}", read.text());
        }
    }
}
