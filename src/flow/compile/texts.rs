//! Texts in all their languages.

use crate::domain::assurance::Label;
use crate::flow::compile::{Notes, Written};
use crate::flow::diagnostic::{Code, Finding, suggestion};
use crate::flow::expr::types::{Env, Known, check, type_name};
use crate::flow::model::Localised;
use crate::flow::source::Scalar;
use crate::flow::syntax::TranslationSyntax;
use crate::flow::text::parse::{FORMATS, Piece, Slot, TextError, parse};
use crate::flow::text::words::LANGUAGES;
use crate::flow::text::{Format, Part, Text};
use crate::flow::value::Type;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The first 8 hexadecimal digits of a text's SHA-256: what a translation names as its `source`.
pub fn source_hash(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..4])
}

/// The translations, and which of them were used.
#[derive(Debug)]
pub struct Locales<'a> {
    pub default_language: String,
    others: BTreeMap<String, BTreeMap<&'a str, &'a TranslationSyntax>>,
    used: BTreeSet<String>,
    pub untranslated: BTreeMap<(String, String), Vec<String>>,
}

impl<'a> Locales<'a> {
    pub fn new(written: &'a Written, notes: &mut Notes) -> Self {
        let bot = &written.bot;
        for language in bot.languages.iter().chain([&bot.language]) {
            if !LANGUAGES.contains(&language.as_str()) {
                let message = format!("texts cannot be in `{}`", language.text);
                notes.findings.push(
                    Finding::new(Code::UnknownLanguage, language.span, message)
                        .label("no such language")
                        .help(format!("the languages are {}", LANGUAGES.join(", "))),
                );
            }
        }
        let mut others: BTreeMap<String, BTreeMap<&str, &TranslationSyntax>> = BTreeMap::new();
        for language in bot.languages.iter().filter(|one| one.text != bot.language.text) {
            others.insert(language.text.clone(), BTreeMap::new());
        }
        for locale in &written.locales {
            match others.get_mut(&locale.language.text) {
                Some(texts) => texts.extend(locale.texts.iter().map(|one| (one.key.as_str(), one))),
                None => notes.findings.push(
                    Finding::new(
                        Code::UnknownLanguage,
                        locale.language.span,
                        format!("`{}` is not one of the bot's other languages", locale.language.text),
                    )
                    .help("name it under `languages:` of bot.yaml; the default language's texts stand in the flows"),
                ),
            }
        }
        let default_language = bot.language.text.clone();
        Self { default_language, others, used: BTreeSet::new(), untranslated: BTreeMap::new() }
    }

    /// A text in its default language and all others; `key` is `flow.step.field`.
    pub fn localised(&mut self, scalar: &Scalar, env: &dyn Env, key: &str, notes: &mut Notes) -> Localised {
        notes.places.put(key, scalar.span);
        let default = text(scalar, env, notes);
        let mut by_language = BTreeMap::new();
        for (language, texts) in &self.others {
            let Some(translation) = texts.get(key) else {
                if has_words(&default) {
                    let part = key.split('.').next().unwrap_or_default().to_owned();
                    let missing = self.untranslated.entry((language.clone(), part)).or_default();
                    if !missing.iter().any(|one| one == key) {
                        missing.push(key.to_owned());
                    }
                } else {
                    by_language.insert(language.clone(), default.clone());
                }
                continue;
            };
            self.used.insert(format!("{key}@{language}"));
            notes.places.put(format!("{key}@{language}"), translation.text.span);
            stale(translation, scalar, notes);
            let translated = text(&translation.text, env, notes);
            same_slots(&default, &translated, translation, scalar, notes);
            by_language.insert(language.clone(), translated);
        }
        by_language.insert(self.default_language.clone(), default);
        Localised { by_language, default_language: self.default_language.clone() }
    }

    /// Translations of texts that do not exist.
    pub fn report_unused(&self, notes: &mut Notes) {
        let known: BTreeSet<&str> =
            self.used.iter().filter_map(|key| key.rsplit_once('@').map(|(key, _)| key)).collect();
        let missing: Vec<&str> = self.untranslated.values().flatten().map(String::as_str).collect();
        for (language, texts) in &self.others {
            for (key, translation) in texts {
                if self.used.contains(&format!("{key}@{language}")) {
                    continue;
                }
                let near = crate::flow::diagnostic::nearest(
                    key,
                    missing.iter().copied().chain(known.iter().copied()),
                );
                notes.findings.push(
                    Finding::new(
                        Code::UnknownTextKey,
                        translation.key.span,
                        format!("there is no text `{key}`"),
                    )
                    .label("translates nothing")
                    .help(near.map_or_else(
                        || {
                            "keys are `flow.step.field`, for instance `menu.inicio.options.pagar.title`"
                                .to_owned()
                        },
                        |near| format!("did you mean `{near}`?"),
                    )),
                );
            }
        }
    }
}

fn stale(translation: &TranslationSyntax, source: &Scalar, notes: &mut Notes) {
    let Some(written) = &translation.source else { return };
    let now = source_hash(&source.text);
    if written.text != now {
        notes.findings.push(
            Finding::new(
                Code::TranslationStale,
                translation.text.span,
                format!("the translation of `{}` is older than its source", translation.key.text),
            )
            .label("check this text")
            .related(source.span, "the source changed")
            .help(format!("when it says the same again, write `source: {now}`")),
        );
    }
}

/// A translation that leaves out a value, or shows another one, tells people something else.
fn same_slots(
    default: &Text,
    translated: &Text,
    translation: &TranslationSyntax,
    source: &Scalar,
    notes: &mut Notes,
) {
    let shown = |text: &Text| -> BTreeSet<String> {
        text.parts
            .iter()
            .filter_map(|part| match part {
                Part::Slot { format: Format::Plural { .. }, .. } | Part::Literal(_) => None,
                Part::Slot { value, .. } => Some(value.to_string()),
            })
            .collect()
    };
    let (wanted, found) = (shown(default), shown(translated));
    if wanted == found {
        return;
    }
    let list =
        |set: Vec<&String>| set.iter().map(|one| format!("`{{{one}}}`")).collect::<Vec<_>>().join(", ");
    let missing = list(wanted.difference(&found).collect());
    let extra = list(found.difference(&wanted).collect());
    let label = match (missing.is_empty(), extra.is_empty()) {
        (false, true) => format!("{missing} is missing"),
        (true, _) => format!("{extra} is not in the source"),
        (false, false) => format!("{missing} is missing, {extra} is not in the source"),
    };
    notes.findings.push(
        Finding::new(
            Code::TranslationDiffers,
            translation.text.span,
            format!("the translation of `{}` shows other values than its source", translation.key.text),
        )
        .label(label)
        .related(source.span, "the source"),
    );
}

/// Whether there is anything to translate.
fn has_words(text: &Text) -> bool {
    text.parts.iter().any(|part| match part {
        Part::Literal(literal) => literal.chars().any(char::is_alphabetic),
        Part::Slot { format: Format::Plural { .. }, .. } => true,
        Part::Slot { .. } => false,
    })
}

/// One text in one language.
pub fn text(scalar: &Scalar, env: &dyn Env, notes: &mut Notes) -> Text {
    let pieces = match parse(&scalar.text) {
        Ok(pieces) => pieces,
        Err(errors) => {
            notes.findings.extend(errors.into_iter().map(|error| placeholder_error(scalar, error)));
            return Text::default();
        }
    };
    let mut text = Text::default();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => text.parts.push(Part::Literal(literal)),
            Piece::Slot(slot) => {
                if let Some((part, label)) = slot_part(&slot, scalar, env, notes) {
                    text.parts.push(part);
                    text.label = text.label.max(label);
                }
            }
        }
    }
    text
}

fn slot_part(slot: &Slot, scalar: &Scalar, env: &dyn Env, notes: &mut Notes) -> Option<(Part, Label)> {
    let typed = match check(&slot.path, env, None) {
        Ok(typed) => typed,
        Err(error) => {
            let at = error.error.at.clone();
            let mut finding = Finding::new(error.code, scalar.part(at.start, at.end), error.error.message);
            if let Some(help) = error.error.help {
                // The remark about quotes is for expressions; a placeholder has none.
                finding = finding.help(help.split("; a text needs").next().unwrap_or_default().to_owned());
            }
            if finding.help.as_deref().is_some_and(|help| help.starts_with("a text needs")) {
                finding.help = None;
            }
            notes.findings.push(finding);
            return None;
        }
    };
    match format_for(&typed.known, &slot.format) {
        Ok(format) => Some((Part::Slot { value: typed.expr, format }, typed.known.label)),
        Err(help) => {
            let shown = &scalar.text[slot.at.clone()];
            let message = format!("{} cannot be shown as `{shown}`", type_name(&typed.known.ty));
            notes.findings.push(
                Finding::new(Code::PlaceholderType, scalar.part(slot.at.start, slot.at.end), message)
                    .label(format!("this is {}", type_name(&typed.known.ty)))
                    .help(help),
            );
            None
        }
    }
}

/// The format that a value of this type is written with, or how to write it instead.
fn format_for(known: &Known, format: &Format) -> Result<Format, String> {
    let wanted = match &known.ty {
        Type::Text | Type::Enum(_) => match format {
            Format::Plain => return Ok(Format::Plain),
            Format::Money
            | Format::Date
            | Format::LongDate
            | Format::Percent
            | Format::Int
            | Format::Plural { .. } => "leave the format out",
        },
        Type::Int => match format {
            Format::Plain | Format::Int => return Ok(Format::Int),
            Format::Plural { .. } => return Ok(format.clone()),
            Format::Money | Format::Date | Format::LongDate | Format::Percent => {
                "write `|int`, or leave it out"
            }
        },
        Type::Money => match format {
            Format::Money => return Ok(Format::Money),
            Format::Plain
            | Format::Date
            | Format::LongDate
            | Format::Percent
            | Format::Int
            | Format::Plural { .. } => "amounts are written with `|money`",
        },
        Type::Date => match format {
            Format::Date | Format::LongDate => return Ok(format.clone()),
            Format::Plain | Format::Money | Format::Percent | Format::Int | Format::Plural { .. } => {
                "dates are written with `|date` (viernes 27 de noviembre) or `|long_date`"
            }
        },
        Type::Percent => match format {
            Format::Percent => return Ok(Format::Percent),
            Format::Plain
            | Format::Money
            | Format::Date
            | Format::LongDate
            | Format::Int
            | Format::Plural { .. } => "percentages are written with `|percent`",
        },
        Type::Bool => "a yes or no has no words: branch with `decide` and write two texts",
        Type::List(_) => "a list cannot be shown whole: offer it with `each`, or show `{x|int}` of its count",
        Type::Record(_) => "show one of its fields",
    };
    Err(wanted.to_owned())
}

fn placeholder_error(scalar: &Scalar, error: TextError) -> Finding {
    match error {
        TextError::Syntax(error) => {
            let span = scalar.part(error.at.start, error.at.end);
            Finding::new(Code::PlaceholderSyntax, span, error.message)
                .label("in this placeholder")
                .maybe_help(error.help)
        }
        TextError::Format { at, name } => Finding::new(
            Code::UnknownFormat,
            scalar.part(at.start, at.end),
            format!("there is no format `{name}`"),
        )
        .label("unknown format")
        .maybe_help(if name.starts_with("plural") {
            Some("plural takes two words: `{n|plural:cuota,cuotas}`".to_owned())
        } else {
            suggestion(&name, FORMATS)
        }),
    }
}
