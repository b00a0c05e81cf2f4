//! What no edit of `understanding/` may undo: certain sentences are understood for certain, words of consent, denial and
//! danger keep their meaning, and examples of danger are called so.

use super::intent::Intent;
use super::lexicon::{EXTRA, Example, Lexicon, SHARED, UnderstandError, YesNo};
use super::normalise::fold;
use super::phrases::{Certainty, Found};
use std::collections::BTreeMap;
use std::path::Path;

/// `intent` and `sentence`, parted by a tab: what every folder understands by its phrases alone.
const SENTENCES: &str = include_str!("safety.tsv");
const PHRASES_FILE: &str = "phrases.tsv";

/// Meanings of which an example may not be called something harmless.
const DANGERS: [Intent; 5] =
    [Intent::Distress, Intent::Violence, Intent::Minor, Intent::Deceased, Intent::Threat];
/// Examples of each danger, in both files together, below which a guess finds nothing.
const EXAMPLES_MIN: usize = 30;

const CONSENT: &[&str] = &[
    "si", "sip", "sim", "yes", "yeah", "yep", "acepto", "acepta", "aceito", "aceita", "accept", "confirmo",
    "confirm", "agree", "autorizo",
];
const DENIAL: &[&str] = &[
    "no", "nunca", "jamas", "tampoco", "sin", "ni", "nao", "nem", "sem", "not", "dont", "never", "nop",
    "nope", "nel", "rechazo", "recuso", "refuse", "negativo",
];
/// Words of danger.
const DANGER: &[&str] = &[
    "mata", "mato", "matan", "muero", "muere", "mueren", "murio", "morre", "kill", "kills", "killed", "die",
    "dies", "died", "dead", "dying", "pega", "pegan", "pego", "bate", "batem",
];
/// How other words of danger begin.
const DANGER_STEMS: &[&str] = &[
    "matar",
    "morir",
    "muert",
    "fallec",
    "falec",
    "suicid",
    "ahorc",
    "envenen",
    "sobredosis",
    "morrer",
    "violen",
    "viola",
    "golpe",
    "amenaz",
    "ameac",
];
/// Emoji that may say yes, and the word that they become.
const YES_EMOJI: [char; 6] = ['👍', '👌', '✅', '✔', '🆗', '🤝'];
const YES_EMOJI_WORD: &str = "emojisi";

/// The kind of meaning that a word has and no spelling may give or take.
fn held(word: &str) -> Option<&'static str> {
    if CONSENT.contains(&word) {
        Some("consent")
    } else if DENIAL.contains(&word) {
        Some("denial")
    } else {
        let is_danger = DANGER.contains(&word) || DANGER_STEMS.iter().any(|stem| word.starts_with(stem));
        is_danger.then_some("danger")
    }
}

/// Why a chat spelling may not stand: it would make a word of consent, denial or danger, or hide one.
pub fn turned(short: &str, full: &str) -> Option<String> {
    let mut words = std::iter::once(short).chain(full.split_whitespace());
    words.find_map(|word| {
        let word = fold(word);
        let kind = held(&word)?;
        Some(format!(
            "`{short}` and `{full}`: `{word}` is a word of {kind}, which no spelling may give or take"
        ))
    })
}

/// Why an emoji may not become a word.
pub fn turned_emoji(emoji: char, word: &str) -> Option<String> {
    if word == YES_EMOJI_WORD && !YES_EMOJI.contains(&emoji) {
        return Some(format!("`{emoji}` would say yes; only {} do", String::from_iter(YES_EMOJI)));
    }
    let kind = word.split_whitespace().find_map(|word| held(&fold(word)))?;
    Some(format!("`{emoji}` becomes `{word}`, a word of {kind}"))
}

/// Why a whole answer may not mean this: a plain yes is never a no, nor the other way round.
pub fn turned_answer(answer: YesNo, phrase: &str) -> Option<String> {
    let says = held(&fold(phrase))?;
    let wrong = match answer {
        YesNo::Yes => says != "consent",
        YesNo::No => says == "consent",
        YesNo::Neither => false,
    };
    wrong.then(|| format!("`{phrase}` is a word of {says}"))
}

/// The sentences that the phrases of a folder no longer understand for certain, one finding for each meaning.
pub fn forgotten(dir: &Path, lexicon: &Lexicon) -> Vec<UnderstandError> {
    let mut lost: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, sentence) in SENTENCES.lines().skip(1).filter_map(|line| line.split_once('\t')) {
        if certain(lexicon, sentence).map(Intent::name) != Some(name) {
            lost.entry(name).or_default().push(sentence);
        }
    }
    let found = lost.into_iter().map(|(name, sentences)| UnderstandError::Row {
        path: dir.join(PHRASES_FILE),
        line: 1,
        problem: format!("“{}” no longer means `{name}` for certain", sentences.join("”, “")),
        remedy: format!(
            "put the `certain` lines of `{name}` back, and no other phrase, idiom or spelling before them"
        ),
    });
    found.collect()
}

/// What the phrases alone find for certain.
fn certain(lexicon: &Lexicon, text: &str) -> Option<Intent> {
    let words = lexicon.normaliser.words(&fold(text));
    let (_, phrases) = lexicon.phrases.read(&words);
    let mut sure = phrases
        .iter()
        .filter(|(phrase, found)| phrase.certainty == Certainty::Certain && *found == Found::Yes);
    sure.next().map(|(phrase, _)| phrase.intent)
}

/// Examples of danger that are called something harmless, and dangers of which too few examples are left.
pub fn mislabelled(
    dir: &Path,
    lexicon: &Lexicon,
    files: &[(&'static str, Vec<Example>)],
) -> Vec<UnderstandError> {
    let mut found = Vec::new();
    for (name, examples) in files {
        for example in examples.iter().filter(|example| !example.intent.is_safety()) {
            let Some(danger) = certain(lexicon, &example.text).filter(|intent| DANGERS.contains(intent))
            else {
                continue;
            };
            found.push(UnderstandError::Row {
                path: dir.join(name),
                line: example.line,
                problem: format!("“{}” is called `{}`", example.text, example.intent.name()),
                remedy: format!("write `{}`: its words say so for certain", danger.name()),
            });
        }
    }
    for danger in DANGERS {
        let all = files.iter().flat_map(|(_, examples)| examples);
        let count = all.filter(|example| example.intent == danger).count();
        if count < EXAMPLES_MIN {
            found.push(UnderstandError::Row {
                path: dir.join(EXTRA),
                line: 1,
                problem: format!("{count} examples of `{}` in {SHARED} and {EXTRA}", danger.name()),
                remedy: format!(
                    "keep at least {EXAMPLES_MIN}: with fewer it is not recognised in other words"
                ),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{turned, turned_answer, turned_emoji};
    use crate::understand::lexicon::YesNo;

    #[test]
    fn no_spelling_gives_or_takes_a_word_that_binds_denies_or_warns() {
        for (short, full) in
            [("no", "si"), ("nopi", "sí"), ("quiero", "no quiero"), ("acepto", "hola"), ("mtr", "matarme")]
        {
            assert!(turned(short, full).is_some(), "{short} {full}");
        }
        for (short, full) in
            [("xq", "porque"), ("ty", "thank you"), ("mnn", "manana"), ("finde", "fin de semana")]
        {
            assert_eq!(turned(short, full), None, "{short} {full}");
        }
        assert!(turned_emoji('🤔', "emojisi").is_some() && turned_emoji('🙂', "si").is_some());
        assert!(turned_emoji('👎', "emojisi").is_some() && turned_emoji('👍', "emojisi").is_none());
        assert!(turned_answer(YesNo::Yes, "no").is_some() && turned_answer(YesNo::No, "sim").is_some());
        assert!(turned_answer(YesNo::Yes, "claro").is_none() && turned_answer(YesNo::No, "nunca").is_none());
    }
}
