//! What nobody may write to a debtor: phrases of threats, shame, secrets and kin, as data.
//!
//! The caller reads the rules (`flows/policies/lint.yaml`) and gives them as text. The same rules check an agent's
//! message before it is stored and the texts of flows when they are loaded.

use crate::domain::assurance::Assurance;
use regex::Regex;
use serde::Deserialize;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Words between a hit and an `unless` phrase that still lifts it.
const LIFT_GAP_MAX: usize = 2;
const RULES_MAX: usize = 200;

/// Who wrote the text that is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    Agent,
    Bot,
    Template,
}

/// A rule that a text breaks. `phrase` is the rule's own, not the author's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub rule: String,
    /// Stable class such as `LINT-THREAT`.
    pub class: String,
    pub title: String,
    pub remedy: String,
    pub phrase: String,
}

#[derive(Debug, thiserror::Error)]
pub enum LintError {
    #[error("the lint rules cannot be read: {0}")]
    Syntax(String),
    #[error("the lint rules are of version {0}: this program reads version 1")]
    Version(u32),
    #[error("lint rule `{rule}`: {what}")]
    Rule { rule: String, what: String },
}

/// The rules, ready to check texts.
#[derive(Debug, Clone, Default)]
pub struct Lint {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    head: RuleText,
    phrases: Vec<Phrase>,
    near: Vec<Near>,
    patterns: Vec<Regex>,
    unless: Vec<Phrase>,
}

#[derive(Debug, Clone)]
struct Near {
    a: Vec<Phrase>,
    b: Vec<Phrase>,
    within: usize,
}

/// Normalised words; a word may be open at its end.
#[derive(Debug, Clone)]
struct Phrase {
    shown: String,
    words: Vec<(String, Ending)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Exact,
    Open,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    version: u32,
    rules: Vec<RuleText>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    id: String,
    class: String,
    title: String,
    remedy: String,
    #[serde(rename = "in")]
    authors: Vec<Author>,
    below: Option<Assurance>,
    #[serde(default)]
    phrases: Vec<String>,
    #[serde(default)]
    near: Vec<NearText>,
    #[serde(default)]
    patterns: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct NearText {
    a: Vec<String>,
    b: Vec<String>,
    within: usize,
}

/// Half-open range of words in a sentence.
type Span = (usize, usize);

impl Lint {
    /// Reads rules as `flows/policies/lint.yaml` writes them.
    ///
    /// # Errors
    /// Names the place in the text, or the rule and what is wrong with it.
    pub fn parse(yaml: &str) -> Result<Self, LintError> {
        let source: Source =
            serde_saphyr::from_str(yaml).map_err(|error| LintError::Syntax(error.to_string()))?;
        if source.version != 1 {
            return Err(LintError::Version(source.version));
        }
        if source.rules.len() > RULES_MAX {
            return Err(LintError::Syntax(format!("more than {RULES_MAX} rules")));
        }
        let rules = source.rules.into_iter().map(Rule::compile).collect::<Result<_, _>>()?;
        Ok(Self { rules })
    }

    /// The rules that `text` breaks, in the file's order, each once. `level` is the person's.
    pub fn check(&self, text: &str, author: Author, level: Assurance) -> Vec<Hit> {
        let folded = fold(text);
        let sentences: Vec<Vec<&str>> = folded
            .split(['.', '!', '?', '\n', ';', '¡', '¿'])
            .map(words)
            .filter(|words| !words.is_empty())
            .collect();
        self.rules
            .iter()
            .filter(|rule| rule.head.authors.contains(&author))
            .filter(|rule| rule.head.below.is_none_or(|below| level < below))
            .filter_map(|rule| {
                let phrase = rule.hit(&folded, &sentences)?;
                Some(Hit {
                    rule: rule.head.id.clone(),
                    class: rule.head.class.clone(),
                    title: rule.head.title.clone(),
                    remedy: rule.head.remedy.clone(),
                    phrase,
                })
            })
            .collect()
    }
}

impl Rule {
    fn compile(head: RuleText) -> Result<Self, LintError> {
        let wrong = |what: String| LintError::Rule { rule: head.id.clone(), what };
        if head.phrases.is_empty() && head.near.is_empty() && head.patterns.is_empty() {
            return Err(wrong("it has no phrases, near or patterns, so it never matches".to_owned()));
        }
        if head.authors.is_empty() {
            return Err(wrong("`in` names nobody: write agent, bot or template".to_owned()));
        }
        let phrases = |texts: &[String]| -> Result<Vec<Phrase>, LintError> {
            let compiled = texts.iter().map(|text| {
                Phrase::compile(text).ok_or_else(|| wrong(format!("the phrase `{text}` has no words")))
            });
            compiled.collect()
        };
        let near = head
            .near
            .iter()
            .map(|near| Ok(Near { a: phrases(&near.a)?, b: phrases(&near.b)?, within: near.within }));
        let patterns = head.patterns.iter().map(|pattern| {
            Regex::new(pattern).map_err(|error| wrong(format!("the pattern `{pattern}` is wrong: {error}")))
        });
        Ok(Self {
            phrases: phrases(&head.phrases)?,
            near: near.collect::<Result<_, LintError>>()?,
            patterns: patterns.collect::<Result<_, LintError>>()?,
            unless: phrases(&head.unless)?,
            head,
        })
    }

    /// The phrase of the first hit that nothing lifts.
    fn hit(&self, folded: &str, sentences: &[Vec<&str>]) -> Option<String> {
        let pattern = || {
            let found = self.patterns.iter().find(|pattern| pattern.is_match(folded));
            found.map(|_| self.head.title.clone())
        };
        sentences.iter().find_map(|words| self.hit_in(words)).or_else(pattern)
    }

    fn hit_in(&self, words: &[&str]) -> Option<String> {
        let lifts: Vec<Span> = self.unless.iter().flat_map(|phrase| phrase.find(words)).collect();
        let lifted = |hit: Span| {
            let touches = |lift: &Span| lift.0 < hit.1 && hit.0 <= lift.1 + LIFT_GAP_MAX;
            lifts.iter().any(touches)
        };
        let plain = self.phrases.iter().find_map(|phrase| {
            let stands = phrase.find(words).into_iter().any(|span| !lifted(span));
            stands.then(|| phrase.shown.clone())
        });
        plain.or_else(|| self.near.iter().find_map(|near| near.hit(words, lifted)))
    }
}

impl Near {
    fn hit(&self, words: &[&str], lifted: impl Fn(Span) -> bool) -> Option<String> {
        for a in &self.a {
            for at in a.find(words) {
                for b in &self.b {
                    let near = |other: &Span| {
                        let gap = other.0.saturating_sub(at.1).max(at.0.saturating_sub(other.1));
                        let span = (at.0.min(other.0), at.1.max(other.1));
                        gap <= self.within && !lifted(span)
                    };
                    if b.find(words).iter().any(near) {
                        return Some(format!("{} … {}", a.shown, b.shown));
                    }
                }
            }
        }
        None
    }
}

impl Phrase {
    fn compile(text: &str) -> Option<Self> {
        let folded = fold(text);
        let compiled: Vec<(String, Ending)> = folded
            .split_whitespace()
            .map(|word| match word.strip_suffix('*') {
                Some(stem) => (stem.to_owned(), Ending::Open),
                None => (word.to_owned(), Ending::Exact),
            })
            .filter(|(word, _)| !word.is_empty())
            .collect();
        (!compiled.is_empty()).then(|| Self { shown: text.to_owned(), words: compiled })
    }

    fn find(&self, words: &[&str]) -> Vec<Span> {
        let matches = |window: &[&str]| {
            window.iter().zip(&self.words).all(|(word, (wanted, ending))| match ending {
                Ending::Exact => *word == wanted,
                Ending::Open => word.starts_with(wanted.as_str()),
            })
        };
        let length = self.words.len();
        let starts = words.windows(length).enumerate().filter(|(_, window)| matches(window));
        starts.map(|(start, _)| (start, start + length)).collect()
    }
}

/// Lower case without accents; invisible characters, which could split a word unseen, are dropped.
fn fold(text: &str) -> String {
    let visible = |c: &char| {
        !is_combining_mark(*c) && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
    };
    text.nfkd().filter(visible).flat_map(char::to_lowercase).collect()
}

fn words(sentence: &str) -> Vec<&str> {
    sentence.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Author, Lint};
    use crate::domain::assurance::Assurance;

    fn shipped() -> Lint {
        Lint::parse(include_str!("../../flows/policies/lint.yaml")).unwrap()
    }

    fn classes(text: &str, level: Assurance) -> Vec<String> {
        shipped().check(text, Author::Agent, level).into_iter().map(|hit| hit.class).collect()
    }

    #[test]
    fn forbidden_texts_are_named_by_their_class() {
        for (text, class) in [
            ("Mándeme la clave", "LINT-SENSITIVE"),
            ("Por favor envíeme el código que le llegó por SMS", "LINT-SENSITIVE"),
            ("¿Cuál es el CVV?", "LINT-SENSITIVE"),
            ("necesito el número de su tarjeta", "LINT-SENSITIVE"),
            ("Mande una foto de la tarjeta, por favor", "LINT-SENSITIVE"),
            ("No se preocupe, mándeme su clave y lo revisamos", "LINT-SENSITIVE"),
            ("Con mucho gusto.\nDÍGAME SU CONTRASEÑA", "LINT-SENSITIVE"),
            ("mándeme la cla\u{200b}ve", "LINT-SENSITIVE"),
            ("lo vamos a embargar", "LINT-THREAT"),
            ("Le vamos a embargar el sueldo hoy mismo", "LINT-THREAT"),
            ("si no paga irá preso", "LINT-THREAT"),
            ("llamaremos a su trabajo", "LINT-THREAT"),
            ("vamos a hablar con su esposa", "LINT-THREAT"),
            ("Esta es una notificación judicial", "LINT-JUDICIAL"),
            ("lo reportaremos a Datacrédito mañana", "LINT-BUREAU"),
            ("Usted es un moroso", "LINT-SHAME"),
            ("¿Por qué no ha pagado?", "LINT-REASON"),
            ("¿cuál es el motivo del atraso?", "LINT-REASON"),
        ] {
            assert_eq!(classes(text, Assurance::Verificada), [class], "{text}");
        }
    }

    #[test]
    fn decent_texts_pass() {
        for text in [
            "Nunca le pediremos su clave ni el código que le llega por SMS.",
            "Por su seguridad, no comparta su clave con nadie.",
            "No me mande la clave, no la necesito.",
            "Tranquilo, no lo vamos a embargar.",
            "Esto no es una notificación judicial.",
            "¿Qué fecha le queda bien para pagar $ 120.000?",
            "Usted no está reportado en Datacrédito.",
            "Puede pagar con tarjeta en el enlace que le envío.",
            "Le confirmo el código de su acuerdo: AC-2041.",
            "Entiendo. Hablar de esto no es fácil; vamos con calma.",
            "Escríbame cuando pueda y miramos su cuenta.",
        ] {
            assert_eq!(classes(text, Assurance::Verificada), [""; 0], "{text}");
        }
    }

    #[test]
    fn amounts_wait_for_the_persons_identity() {
        for text in ["Su cuota es de $ 120.000", "debe 1.250.000", "son 80 mil pesos", "unas 80 lucas"] {
            assert_eq!(classes(text, Assurance::Canal), ["LINT-THIRD"], "{text}");
            assert_eq!(classes(text, Assurance::Verificada), [""; 0], "{text}");
        }
        assert_eq!(classes("¿Le sirve el 15 de marzo a las 3?", Assurance::Ninguna), [""; 0]);
    }

    #[test]
    fn every_rule_teaches_a_remedy_and_only_agents_are_under_the_amount_rule() {
        let lint = shipped();
        assert!(
            lint.rules.iter().all(|rule| rule.head.remedy.len() > 30 && rule.head.class.starts_with("LINT-"))
        );
        assert!(lint.check("Son $ 120.000", Author::Bot, Assurance::Ninguna).is_empty());
        let hits = lint.check("Mande la clave", Author::Template, Assurance::Ninguna);
        assert_eq!(hits[0].phrase, "mande* … clave*");
    }

    #[test]
    fn broken_rules_say_where() {
        let rule = |body: &str| {
            let yaml = format!("version: 1\nrules:\n  - {{id: x, class: C, title: t, remedy: r, {body}}}\n");
            Lint::parse(&yaml).unwrap_err().to_string()
        };
        assert!(rule("in: [agent]").contains("lint rule `x`: it has no phrases"));
        assert!(rule("in: [agent], phrases: ['*']").contains("`*` has no words"));
        assert!(rule("in: [agent], patterns: ['(']").contains("pattern `(`"));
        assert!(rule("in: [], phrases: [a]").contains("names nobody"));
        assert!(Lint::parse("version: 2\nrules: []").unwrap_err().to_string().contains("version 2"));
        assert!(Lint::parse("version: 1\nrulez: []").unwrap_err().to_string().contains("rulez"));
    }
}
