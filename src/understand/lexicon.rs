//! The analyst's files: examples, phrases, chat spellings, emoji, yes and no; read with exact places in errors.
//!
//! All are tab-separated with a header line. Empty lines and lines that start with `#` are comments.

use super::consent::{Adds, Consents, unplain};
use super::intent::Intent;
use super::language::{Language, Sign, SignKind, Signs};
use super::normalise::{Normaliser, fold};
use super::phrases::{Certainty, Phrase, Phrases};
use super::safety;
use std::path::{Path, PathBuf};

/// Files of examples: the ones held out when the classifier is measured, and the ones only trained on.
pub const SHARED: &str = "shared.tsv";
pub const EXTRA: &str = "intents.tsv";
/// What is a plain yes where terms are accepted.
pub const CONSENT: &str = "consent.tsv";

/// Rows in one file at most; the classifier trains at start, and this keeps that under a second.
const ROWS_MAX: usize = 20_000;

/// One labelled message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    pub intent: Intent,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    pub text: String,
    /// Of its file, from 1.
    pub line: usize,
}

/// How a yes/no answer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YesNo {
    Yes,
    No,
    /// Looks like an answer and is none: "no sé".
    Neither,
}

/// Everything but the examples.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    pub normaliser: Normaliser,
    pub phrases: Phrases,
    /// Normalised phrases, longest first.
    pub yes_no: Vec<(String, YesNo)>,
    /// Words that tell one language from another.
    pub languages: Signs,
    /// What accepts terms.
    pub consents: Consents,
}

#[derive(Debug, thiserror::Error)]
pub enum UnderstandError {
    #[error("{}: cannot be read; the folder needs shared.tsv, intents.tsv, phrases.tsv, consent.tsv, abbreviations.tsv, emoji.tsv and yes_no.tsv", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{}:{line}: {problem}; {remedy}", path.display())]
    Row { path: PathBuf, line: usize, problem: String, remedy: String },
}

impl Lexicon {
    pub fn read(dir: &Path) -> Result<Self, UnderstandError> {
        let mut lexicon = Self::default();
        for row in Rows::read(dir.join("abbreviations.tsv"), &["short", "full"])?.rows {
            let [short, full] = row.fields()?;
            if let Some(problem) = safety::turned(short, full) {
                return Err(row.error(problem, "remove the line: who writes that is read as it stands"));
            }
            if lexicon.normaliser.abbreviations.insert(short.to_owned(), full.to_owned()).is_some() {
                return Err(row.error(format!("`{short}` is written twice"), "keep one of the two lines"));
            }
        }
        for row in Rows::read(dir.join("emoji.tsv"), &["emoji", "word"])?.rows {
            let [emoji, word] = row.fields()?;
            if let Some(problem) = emoji.chars().next().and_then(|emoji| safety::turned_emoji(emoji, word)) {
                return Err(row.error(problem, "write another word, or remove the line"));
            }
            let mut chars = emoji.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => lexicon.normaliser.emoji.insert(c, word.to_owned()),
                _ => {
                    return Err(row.error(
                        format!("`{emoji}` is not one character"),
                        "write the plain emoji without skin tone or joiner",
                    ));
                }
            };
        }
        for row in Rows::read(dir.join("yes_no.tsv"), &["answer", "phrase"])?.rows {
            let [answer, phrase] = row.fields()?;
            let answer = match answer {
                "yes" => YesNo::Yes,
                "no" => YesNo::No,
                "none" => YesNo::Neither,
                other => {
                    return Err(
                        row.error(format!("`{other}` is not an answer"), "write `yes`, `no` or `none`")
                    );
                }
            };
            if let Some(problem) = safety::turned_answer(answer, phrase) {
                return Err(row.error(problem, "write the answer that it is, or remove the line"));
            }
            lexicon.yes_no.push((lexicon.normaliser.words(&fold(phrase)), answer));
        }
        lexicon.yes_no.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
        lexicon.languages = read_languages(dir.join("languages.tsv"), &lexicon.normaliser)?;
        lexicon.phrases = read_phrases(dir.join("phrases.tsv"))?;
        lexicon.consents = consents(Rows::read(dir.join(CONSENT), &CONSENT_COLUMNS)?, &lexicon.normaliser)?;
        Ok(lexicon)
    }
}

/// Without the file nobody's language is told from their words.
fn read_languages(path: PathBuf, normaliser: &Normaliser) -> Result<Signs, UnderstandError> {
    if !path.exists() {
        return Ok(Signs::default());
    }
    let mut signs = Signs::default();
    for row in Rows::read(path, &["language", "kind", "text"])?.rows {
        let [code, kind, text] = row.fields()?;
        let language = Language::parse(code)
            .ok_or_else(|| row.error(format!("`{code}` is not a language"), "write `es`, `pt` or `en`"))?;
        let kind = SignKind::parse(kind).ok_or_else(|| {
            row.error(
                format!("`{kind}` is not a kind of sign"),
                "write `wish`, `opening`, `phrase` or `word`",
            )
        })?;
        signs.add(Sign { language, kind, text: normaliser.words(&fold(text)) });
    }
    Ok(signs)
}

const CONSENT_COLUMNS: [&str; 2] = ["kind", "phrase"];

/// The phrases of a `consent.tsv` given as text, for who must know what a plain yes is and understands nothing else.
pub fn parse_consents(path: &Path, text: &str, normaliser: &Normaliser) -> Result<Consents, UnderstandError> {
    consents(Rows::parse(path, text, &CONSENT_COLUMNS)?, normaliser)
}

fn consents(rows: Rows, normaliser: &Normaliser) -> Result<Consents, UnderstandError> {
    let mut consents = Consents::default();
    for row in rows.rows {
        let [kind, phrase] = row.fields()?;
        let adds = match kind {
            "assent" => Adds::Assent,
            "yes" => Adds::Yes,
            "acknowledgement" => Adds::Acknowledgement,
            "thanks" => Adds::Thanks,
            "polite" => Adds::Politeness,
            "none" => Adds::Nothing,
            other => {
                return Err(row.error(
                    format!("`{other}` is not a kind of phrase here"),
                    "write `assent`, `yes`, `acknowledgement`, `thanks`, `polite` or `none`",
                ));
            }
        };
        if let Some(word) = unplain(&normaliser.words(&fold(phrase))) {
            return Err(row.error(
                format!("`{word}` is never part of a plain yes"),
                "remove the line: who writes that is asked again",
            ));
        }
        if !consents.add(phrase, adds, normaliser) {
            return Err(row.error(format!("`{phrase}` is written twice"), "keep one of the two lines"));
        }
    }
    Ok(consents)
}

fn read_phrases(path: PathBuf) -> Result<Phrases, UnderstandError> {
    let (mut list, mut rows) = (Vec::new(), Vec::new());
    for row in Rows::read(path.clone(), &["intent", "certainty", "pattern"])?.rows {
        let [intent, certainty, pattern] = row.fields()?;
        let intent = row.intent(intent)?;
        let certainty = match certainty {
            "certain" => Certainty::Certain,
            "idiom" => Certainty::Idiom,
            "doubt" if intent.is_safety() => Certainty::Doubt,
            "doubt" => {
                return Err(row.error(
                    format!("`{}` is not a safety intent, so it cannot be in doubt", intent.name()),
                    "write `certain`, or remove the line",
                ));
            }
            other => {
                return Err(row.error(
                    format!("`{other}` is not a degree of certainty"),
                    "write `certain`, `doubt` or `idiom`",
                ));
            }
        };
        let phrase = Phrase::new(intent, certainty, pattern);
        if phrase.is_anywhere() {
            return Err(row.error(
                format!("the pattern `{pattern}` is found in any text"),
                "write the very words that are meant: what stands everywhere hides what people say",
            ));
        }
        list.push(phrase);
        rows.push(row);
    }
    Phrases::new(list.clone()).map_err(|why| {
        let wrong = rows.iter().zip(&list).find_map(|(row, phrase)| {
            let why = phrase.built().err()?;
            let problem = format!("the pattern is not understood: {why}");
            Some(row.error(problem, "correct the regular expression"))
        });
        wrong.unwrap_or_else(|| UnderstandError::Row {
            path,
            line: 1,
            problem: format!("the patterns together are too large: {why}"),
            remedy: "use shorter patterns".to_owned(),
        })
    })
}

/// Reads a file of labelled messages: `intent`, `country`, `text`.
pub fn read_examples(path: &Path) -> Result<Vec<Example>, UnderstandError> {
    let mut examples = Vec::new();
    for row in Rows::read(path.to_owned(), &["intent", "country", "text"])?.rows {
        let [intent, country, text] = row.fields()?;
        examples.push(Example {
            intent: row.intent(intent)?,
            country: country.to_owned(),
            text: text.to_owned(),
            line: row.line,
        });
    }
    Ok(examples)
}

pub(super) struct Rows {
    pub rows: Vec<Row>,
}

pub(super) struct Row {
    path: PathBuf,
    line: usize,
    columns: &'static [&'static str],
    text: String,
}

impl Rows {
    pub fn read(path: PathBuf, columns: &'static [&'static str]) -> Result<Self, UnderstandError> {
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&path, &text, columns),
            Err(source) => Err(UnderstandError::Unreadable { path, source }),
        }
    }

    fn parse(path: &Path, text: &str, columns: &'static [&'static str]) -> Result<Self, UnderstandError> {
        let make =
            |line: usize, text: &str| Row { path: path.to_owned(), line, columns, text: text.to_owned() };
        let header = make(1, text.lines().next().unwrap_or_default());
        if header.text.trim_start_matches('\u{feff}') != columns.join("\t") {
            return Err(header.error(
                "the header is not as expected".to_owned(),
                &format!("the first line must be `{}`, parted by tabs", columns.join(" ")),
            ));
        }
        let rows: Vec<Row> = (2..)
            .zip(text.lines().skip(1))
            .filter(|(_, row)| !row.trim().is_empty() && !row.starts_with('#'))
            .map(|(line, row)| make(line, row))
            .collect();
        match rows.get(ROWS_MAX) {
            Some(row) => {
                Err(row.error(format!("more than {ROWS_MAX} rows"), "remove rows that repeat others"))
            }
            None => Ok(Self { rows }),
        }
    }
}

impl Row {
    pub fn fields<const N: usize>(&self) -> Result<[&str; N], UnderstandError> {
        let fields: Vec<&str> = self.text.split('\t').map(str::trim).collect();
        let found = fields.len();
        let fields: Result<[&str; N], _> = fields.try_into();
        match fields {
            Ok(fields) if fields.iter().all(|field| !field.is_empty()) => Ok(fields),
            Ok(_) => Err(self.error("a field is empty".to_owned(), "fill it, or remove the line")),
            Err(_) => Err(self.error(
                format!("{found} fields instead of {N}"),
                &format!("part `{}` by single tabs", self.columns.join(" ")),
            )),
        }
    }

    fn intent(&self, name: &str) -> Result<Intent, UnderstandError> {
        Intent::parse(name).ok_or_else(|| {
            self.error(
                format!("`{name}` is not an intent"),
                &format!("did you mean `{}`?", Intent::nearest(name).name()),
            )
        })
    }

    pub fn error(&self, problem: String, remedy: &str) -> UnderstandError {
        UnderstandError::Row { path: self.path.clone(), line: self.line, problem, remedy: remedy.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::read_phrases;

    #[test]
    fn a_pattern_that_does_not_hold_is_named_by_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("phrases.tsv");
        let fault = |pattern: &str| {
            let rows =
                format!("intent\tcertainty\tpattern\nstop\tcertain\tbasta\n\nstop\tcertain\t{pattern}\n");
            std::fs::write(&path, rows).unwrap();
            read_phrases(path.clone()).err().map(|error| error.to_string())
        };
        assert_eq!(fault("no (me )?escriban"), None);
        for pattern in ["(no me escriban", "((a{99}){99}){99}"] {
            let fault = fault(pattern).unwrap();
            assert!(fault.contains("phrases.tsv:4: the pattern is not understood: "), "{fault}");
            assert!(fault.ends_with("; correct the regular expression"), "{fault}");
        }
    }
}
