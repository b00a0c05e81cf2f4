//! A text as its reader hears it: words without case, accents, spelling mistakes and disguise, each with its place.
//!
//! Knows nothing of rules. Two readings of one text are made, because a disguise can only be guessed: as it is
//! written, and with the disguise taken off (`N e q u i`, `cl4ve`, `cla.ve`). Whoever looks for a word looks in both.

mod disguise;

use crate::rules::digits::digit_of;
use disguise::{has_spaced_letters, undisguise};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Lower case without accents and without what nobody sees; each byte knows which character of the text it came from.
#[derive(Debug, Clone, Default)]
pub struct Folded {
    pub text: String,
    /// For each byte of `text` the index of its character in the text as written.
    places: Vec<usize>,
}

/// One word of a reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    /// How Spanish ears hear it: `v` as `b`, `z` as `s`, no `h`.
    pub sound: String,
    /// How `text` and `sound` begin.
    pub heads: Heads,
    /// Half-open range of characters in the text as written.
    pub start: usize,
    pub end: usize,
    /// Words of one sentence have one number.
    pub sentence: usize,
    /// Words between two commas have one number.
    pub clause: usize,
    /// It stands in a question.
    pub asked: bool,
}

/// Both readings of one text.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    pub folded: Folded,
    pub plain: Vec<Word>,
    pub undisguised: Vec<Word>,
}

/// Characters that leave no mark on the screen and can hide a word from a rule.
pub const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{20e3}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
            | '\u{e0100}'..='\u{e01ef}'
    )
}

/// Characters that turn the direction of what follows, so that people read another text than was checked.
pub const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A stranger's text in one line as it may be shown: without what steers a terminal or turns what stands beside it.
/// Marks that join an emoji stay.
pub fn shown(text: &str) -> String {
    let plain = |c: char| if c.is_whitespace() { ' ' } else { c };
    text.chars().map(plain).filter(|c| !c.is_control() && !turns_direction(*c)).collect()
}

/// Letters of other alphabets and marks that look like ours.
const fn look_alike(c: char) -> char {
    match c {
        'а' | 'α' => 'a',
        'в' | 'β' => 'b',
        'с' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' | 'є' | 'ε' => 'e',
        'һ' | 'н' => 'h',
        'і' | 'ı' | 'ι' | 'ї' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'ӏ' => 'l',
        'м' => 'm',
        'ո' | 'η' => 'n',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'υ' => 'u',
        'ν' => 'v',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        '\u{3002}' => '.',
        '\u{2215}' | '\u{29f8}' => '/',
        '\u{2236}' | '\u{a789}' => ':',
        other => other,
    }
}

impl Folded {
    pub fn of(text: &str) -> Self {
        let mut folded = Self::default();
        for (place, written) in text.chars().enumerate() {
            if is_invisible(written) {
                continue;
            }
            let written = digit_of(written).unwrap_or(written);
            let plain = std::iter::once(written).nfkd().filter(|c| !is_combining_mark(*c));
            for c in plain.flat_map(char::to_lowercase).map(look_alike) {
                if is_combining_mark(c) {
                    continue;
                }
                folded.text.push(c);
                folded.places.resize(folded.text.len(), place);
            }
        }
        folded
    }

    /// The text as its reader sees it between these bytes, for what must be compared letter by letter.
    pub fn written<'w>(&self, written: &'w [char], start: usize, end: usize) -> &'w [char] {
        let (start, end) = self.place(start, end);
        written.get(start..end).unwrap_or_default()
    }

    /// The range of characters as written for a range of bytes of `text`.
    pub fn place(&self, start: usize, end: usize) -> (usize, usize) {
        let at = |byte: usize| self.places.get(byte).copied().unwrap_or(0);
        (at(start), at(end.saturating_sub(1)) + 1)
    }
}

impl Reading {
    pub fn of(text: &str) -> Self {
        let folded = Folded::of(text);
        let plain = split(&folded);
        let undisguised = undisguise(&folded, &plain);
        Self { folded, plain, undisguised }
    }

    /// The text without its disguise, where letters stand apart in it; marks are lost.
    pub fn unspaced(&self) -> Option<String> {
        let spaced = has_spaced_letters(&self.folded.text);
        let words: Vec<&str> = self.undisguised.iter().map(|word| word.text.as_str()).collect();
        spaced.then(|| words.join(" "))
    }

    /// The readings that differ, the written one first.
    pub fn readings(&self) -> impl Iterator<Item = &[Word]> {
        let other = (self.undisguised != self.plain).then_some(self.undisguised.as_slice());
        std::iter::once(self.plain.as_slice()).chain(other)
    }
}

impl Word {
    fn new(text: String, (start, end): (usize, usize), (sentence, clause): (usize, usize)) -> Self {
        let sound = sound(&text);
        let heads = Heads::of(&text).or(Heads::of(&sound));
        Self { text, sound, heads, start, end, sentence, clause, asked: false }
    }
}

/// A set of beginnings of words, by which most words that are not meant are told apart without comparing letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heads(u64);

impl Heads {
    pub const NONE: Self = Self(0);
    pub const ANY: Self = Self(u64::MAX);

    /// The beginning of one word: its first two bytes.
    pub fn of(word: &str) -> Self {
        let byte = |at: usize| word.as_bytes().get(at).copied().map_or(0, u32::from);
        Self(1 << ((byte(0) * 31 + byte(1)) % u64::BITS))
    }

    /// The beginnings of every word that goes on from `stem`.
    pub fn going_on(stem: &str) -> Self {
        if stem.len() < 2 { Self::ANY } else { Self::of(stem) }
    }

    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// No word of one set can be a word of the other when this is false.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// After them a sentence says something else than it began with.
pub const TURNS: &[&str] = &[
    "pero", "salvo", "excepto", "but", "except", "porem", "aunque", "although", "though", "however",
    "embora", "contudo",
];

/// Whether `next` begins another part of the sentence, which may take back what was said: "nunca pedimos la clave, pero
/// esta vez dígamela". "Mas" is "but" behind a comma only.
pub fn turns(word: &Word, next: &Word) -> bool {
    TURNS.contains(&next.text.as_str())
        || (next.text == "mas" && word.clause != next.clause)
        || (next.text == "que" && ["solo", "so"].contains(&word.text.as_str()))
}

/// The words of a sentence written alone, as rules write their phrases.
pub fn words(text: &str) -> Vec<Word> {
    split(&Folded::of(text))
}

fn split(folded: &Folded) -> Vec<Word> {
    let mut found = Vec::new();
    let (mut sentence, mut clause, mut start) = (0, 0, None);
    let mut chars = folded.text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c.is_alphanumeric() {
            start = start.or(Some(at));
            continue;
        }
        if let Some(begin) = start.take() {
            push(&mut found, folded, (begin, at), (sentence, clause));
        }
        if c == '?' {
            let same = found.iter_mut().rev().take_while(|word: &&mut Word| word.sentence == sentence);
            same.for_each(|word| word.asked = true);
        }
        // A point inside a number or an address ends nothing.
        let blank_follows = chars.peek().is_none_or(|(_, next)| next.is_whitespace());
        if matches!(c, '!' | '?' | '\n' | ';' | '¡' | '¿' | '…') || (c == '.' && blank_follows) {
            sentence += 1;
            clause += 1;
        } else if matches!(c, '(' | ')' | '—' | '–') || (matches!(c, ',' | ':') && blank_follows) {
            clause += 1;
        }
    }
    if let Some(begin) = start {
        push(&mut found, folded, (begin, folded.text.len()), (sentence, clause));
    }
    found
}

fn push(found: &mut Vec<Word>, folded: &Folded, (start, end): (usize, usize), part: (usize, usize)) {
    let Some(text) = folded.text.get(start..end) else { return };
    let place = folded.place(start, end);
    match short_for(text) {
        Some(long) => {
            found.extend(long.split(' ').map(|word| Word::new(word.to_owned(), place, part)));
        }
        None => found.push(Word::new(text.to_owned(), place, part)),
    }
}

/// What people shorten when they type fast.
const fn short_for(word: &str) -> Option<&'static str> {
    const SHORT: [(&str, &str); 20] = [
        ("q", "que"),
        ("k", "que"),
        ("ke", "que"),
        ("qe", "que"),
        ("xq", "por que"),
        ("pq", "por que"),
        ("xk", "por que"),
        ("pk", "por que"),
        ("porq", "por que"),
        ("porke", "por que"),
        ("porque", "por que"),
        ("pa", "para"),
        ("pls", "please"),
        ("u", "you"),
        ("ur", "your"),
        ("vc", "voce"),
        ("vcs", "voces"),
        ("msj", "mensaje"),
        ("msg", "mensaje"),
        ("mnsj", "mensaje"),
    ];
    let mut at = 0;
    while at < SHORT.len() {
        if equal(SHORT[at].0, word) {
            return Some(SHORT[at].1);
        }
        at += 1;
    }
    None
}

const fn equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

fn squeezed(text: &str, most: usize) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut run = 0;
    let mut last = None;
    for c in text.chars() {
        run = if last == Some(c) { run + 1 } else { 1 };
        last = Some(c);
        if run <= most {
            kept.push(c);
        }
    }
    kept
}

/// A spelling that mistakes do not change: people write as they hear.
pub fn sound(word: &str) -> String {
    let chars: Vec<char> = word.chars().collect();
    let mut heard = String::with_capacity(word.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        let soft = matches!(next, Some('e' | 'i'));
        let (said, taken) = match (c, next) {
            ('c', Some('h')) => ("x", 2),
            ('n', Some('b' | 'v' | 'p')) => ("m", 1),
            ('h', _) => ("", 1),
            ('q', Some('u')) if matches!(chars.get(at + 2), Some('e' | 'i')) => ("k", 2),
            ('g', Some('u')) if matches!(chars.get(at + 2), Some('e' | 'i')) => ("g", 2),
            ('c', _) if soft => ("s", 1),
            ('g', _) if soft => ("j", 1),
            ('l', Some('l')) => ("y", 2),
            ('c' | 'q', _) => ("k", 1),
            ('v', _) => ("b", 1),
            ('z', _) => ("s", 1),
            ('w', _) => ("u", 1),
            _ => ("", 0),
        };
        if taken == 0 {
            heard.push(c);
        } else {
            heard.push_str(said);
        }
        at += taken.max(1);
    }
    squeezed(&heard, 1)
}

#[cfg(test)]
mod tests {
    use super::{Reading, shown, sound};

    fn undisguised(text: &str) -> Vec<String> {
        Reading::of(text).undisguised.into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn what_is_shown_steers_nothing() {
        for (text, seen) in [
            ("Ana \u{202e}oirartnoc", "Ana oirartnoc"),
            ("\u{1b}[31mrojo\u{7}\u{0}", "[31mrojo"),
            ("Ana\r\nAgente: listo", "Ana  Agente: listo"),
            ("<script>José 👨\u{200d}👩\u{fe0f}", "<script>José 👨\u{200d}👩\u{fe0f}"),
        ] {
            assert_eq!(shown(text), seen, "{text:?}");
        }
    }

    #[test]
    fn a_disguise_comes_off() {
        for (text, word) in [
            ("N e q u i", "nequi"),
            ("mi N.e.q.u.i por favor", "nequi"),
            ("la cl4ve", "clave"),
            ("la c-l-a-v-e", "clave"),
            ("la cla.ve", "clave"),
            ("su contr4señ@", "contrasena"),
            ("su cla\u{200b}ve", "clave"),
            ("su сlаvе", "clave"),
            ("su 𝐜𝐥𝐚𝐯𝐞", "clave"),
            ("S i  n o  p a g a  v a  a  l a  c á r c e l", "carcel"),
            ("d e m e   l a   c l a v e   y   y a", "clave"),
        ] {
            assert!(undisguised(text).contains(&word.to_owned()), "{text}: {:?}", undisguised(text));
        }
    }

    #[test]
    fn mistakes_of_spelling_sound_alike() {
        for (wrong, right) in [
            ("klave", "clave"),
            ("envargo", "embargo"),
            ("kuota", "cuota"),
            ("consinacion", "consinasion"),
            ("veses", "veces"),
            ("aga", "haga"),
            ("llamar", "yamar"),
        ] {
            assert_eq!(sound(wrong), sound(right), "{wrong}");
        }
        assert_ne!(sound("pago"), sound("vago"));
    }

    #[test]
    fn words_know_their_place_in_the_text_as_written() {
        let text = "¿Está en móra? Dé su\u{200b} clave.";
        let reading = Reading::of(text);
        let chars: Vec<char> = text.chars().collect();
        let shown: Vec<String> =
            reading.plain.iter().map(|word| chars[word.start..word.end].iter().collect()).collect();
        assert_eq!(shown, ["Está", "en", "móra", "Dé", "su", "clave"]);
        assert_ne!(reading.plain[2].sentence, reading.plain[3].sentence);
    }

    #[test]
    fn a_point_inside_a_number_ends_no_sentence() {
        let reading = Reading::of("Son 1.250.000 pesos. Gracias");
        let sentences: Vec<usize> = reading.plain.iter().map(|word| word.sentence).collect();
        assert_eq!(sentences, [0, 0, 0, 0, 0, 1]);
    }
}
