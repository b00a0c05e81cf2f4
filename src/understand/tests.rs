//! Tables of how people write, and laws that hold for any text. Add a case: add a line to `fixtures/intents/*.tsv`.

use super::options::OptionHint;
use super::{CERTAIN_BPS, Context, Expectation, IntentSource, Understander, Understanding, evaluate};
use crate::domain::money::Currency;
use crate::domain::time::{Day, Weekday};
use crate::understand::intent::Intent;
use crate::understand::language::Language;
use crate::understand::lexicon::{UnderstandError, read_examples};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

/// Trained once for all tests.
static SHIPPED: LazyLock<Understander> = LazyLock::new(|| {
    // One Monday of the tables is a holiday.
    let holidays = |_, day: Day| day.weekday() == Weekday::Monday && day.to_string() == "2026-11-30";
    Understander::load(&shipped()).unwrap().with_holidays(Arc::new(holidays))
});

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("flows/understanding")
}

/// The rows of a fixture after its header; a test names those that fail, all at once.
fn check<const N: usize>(file: &str, got: impl Fn([&str; N]) -> (String, String)) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/intents").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut failures = Vec::new();
    let mut n_rows = 0;
    for (line, row) in
        (1..).zip(text.lines()).skip(1).filter(|(_, row)| !row.starts_with('#') && !row.is_empty())
    {
        let fields: Vec<&str> = row.split('\t').collect();
        let fields: [&str; N] =
            fields.try_into().unwrap_or_else(|_| panic!("{file}:{line}: wrong number of fields"));
        let (expected, actual) = got(fields);
        n_rows += 1;
        if expected != actual {
            failures.push(format!("{file}:{line}: {row}\n    expected {expected}, got {actual}"));
        }
    }
    assert!(n_rows > 5, "{file} is empty");
    assert!(failures.is_empty(), "{} of {n_rows} rows\n{}", failures.len(), failures.join("\n"));
}

fn read(text: &str, currency: &str, expects: Expectation) -> Understanding {
    let today = Day::parse("2026-11-21").unwrap();
    let currency = Currency::parse(currency).unwrap();
    SHIPPED.understand(text, &Context { today, currency, expects, typed: Expectation::Nothing, options: &[] })
}

fn said<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

const fn asked(word: &str, expects: Expectation) -> Expectation {
    if word.len() == 3 { expects } else { Expectation::Nothing }
}

#[test]
fn amounts_are_read_as_people_write_them() {
    check("amounts.tsv", |[currency, asks, text, minor, ambiguous]| {
        let meaning = read(text, currency, asked(asks, Expectation::Amount));
        let flag = if meaning.amount_ambiguous { "yes" } else { "no" };
        if let Some(amount) = meaning.amount {
            assert_eq!(amount.currency.code(), currency);
        }
        (
            format!("{minor} {ambiguous}"),
            format!("{} {flag}", said(meaning.amount.map(|amount| amount.minor))),
        )
    });
}

#[test]
fn dates_are_the_next_day_that_fits() {
    check("dates.tsv", |[today, currency, asks, text, day, ambiguous]| {
        let today = Day::parse(today).unwrap();
        let currency = Currency::parse(currency).unwrap();
        let expects = asked(asks, Expectation::Date);
        let meaning = SHIPPED.understand(
            text,
            &Context { today, currency, expects, typed: Expectation::Nothing, options: &[] },
        );
        let flag = if meaning.date_ambiguous { "yes" } else { "no" };
        (format!("{day} {ambiguous}"), format!("{} {flag}", said(meaning.date)))
    });
}

#[test]
fn past_days_are_the_last_that_fit() {
    check("past_dates.tsv", |[today, currency, asks, text, day]| {
        let today = Day::parse(today).unwrap();
        let currency = Currency::parse(currency).unwrap();
        let expects = asked(asks, Expectation::PastDate);
        let typed = Expectation::Nothing;
        let meaning = SHIPPED.understand(text, &Context { today, currency, expects, typed, options: &[] });
        (day.to_owned(), said(meaning.past_date))
    });
}

#[test]
fn a_language_is_told_only_by_what_no_other_has() {
    check("languages.tsv", |[text, language]| {
        let found = read(text, "COP", Expectation::Nothing).language;
        let wish = |wished: bool| if wished { "!" } else { "" };
        let found = found.map(|found| format!("{}{}", found.language.code(), wish(found.wished)));
        (language.to_owned(), said(found))
    });
}

#[test]
fn no_message_in_spanish_is_taken_for_another_language() {
    let mut portuguese = (0, 0);
    for file in ["shared.tsv", "intents.tsv"] {
        for row in read_examples(&shipped().join(file)).unwrap() {
            let found = read(&row.text, "COP", Expectation::Nothing).language.map(|found| found.language);
            match row.country.as_str() {
                "BR" => {
                    portuguese.1 += 1;
                    portuguese.0 += usize::from(found == Some(Language::Pt));
                    assert_ne!(found, Some(Language::En), "{}", row.text);
                }
                // People there write both.
                "US" => assert_ne!(found, Some(Language::Pt), "{}", row.text),
                _ => assert!(found.is_none_or(|found| found == Language::Es), "{}: {found:?}", row.text),
            }
        }
    }
    // Most are a word or two; a first message is seldom so short.
    assert!(portuguese.0 * 100 >= portuguese.1 * 50, "{portuguese:?}");
}

#[test]
fn instalments_are_counted_and_not_named() {
    let counted = [("dos cuotas", 2), ("quiero pagar 3 cuotas", 3), ("una cuota", 1), ("una sola cuota", 1)];
    let alone = ["la cuota", "solo la cuota por favor", "a parcela", "my instalment"].map(|text| (text, 1));
    let none = [
        "la cuota 3",
        "80 mil",
        "la cuota no",
        "no me alcanza para la cuota",
        "cuánto es la cuota de este mes",
    ];
    let none = none.map(|text| (text, 0));
    let read = |text, expects| read(text, "COP", expects).instalments.unwrap_or(0);
    for (text, n) in counted.into_iter().chain(none) {
        assert_eq!(read(text, Expectation::Nothing), n, "{text}");
        assert_eq!(read(text, Expectation::Amount), n, "{text}");
    }
    for (text, n) in alone {
        assert_eq!((read(text, Expectation::Nothing), read(text, Expectation::Amount)), (0, n), "{text}");
    }
}

#[test]
fn options_are_matched_or_left_alone() {
    check("options.tsv", |[options, text, id, how]| {
        let options: Vec<OptionHint> = options
            .split(';')
            .map(|option| {
                let parts: Vec<&str> = option.split('=').collect();
                let synonyms = parts[2].split(',').map(str::to_owned).collect();
                OptionHint { id: parts[0].to_owned(), title: parts[1].to_owned(), synonyms, binds: false }
            })
            .collect();
        let today = Day::parse("2026-11-21").unwrap();
        let context = Context {
            today,
            currency: Currency::Cop,
            expects: Expectation::Option,
            typed: Expectation::Nothing,
            options: &options,
        };
        let found = SHIPPED.understand(text, &context).option;
        let got = found.map_or_else(
            || "- -".to_owned(),
            |found| format!("{} {}", found.id, serde_json::to_value(found.how).unwrap().as_str().unwrap()),
        );
        (format!("{id} {how}"), got)
    });
}

#[test]
fn yes_and_no_in_three_languages() {
    check("yes_no.tsv", |[asks, text, answer]| {
        let meaning = read(text, "COP", asked(asks, Expectation::YesNo));
        let got = meaning.yes_no.map(|yes| if yes { "yes" } else { "no" });
        (answer.to_owned(), said(got))
    });
}

#[test]
fn terms_are_accepted_by_a_plain_yes_and_by_nothing_else() {
    check("consent.tsv", |[language, text, accepts]| {
        let titles = match language {
            "es" => ["Sí, acepto", "Ver otras"],
            "pt" => ["Sim, aceito", "Ver outras"],
            _ => ["Yes, I accept", "See others"],
        };
        let hint = |id: &str, title: &str, binds| OptionHint {
            id: id.to_owned(),
            title: title.to_owned(),
            synonyms: Vec::new(),
            binds,
        };
        let options = [hint("si", titles[0], true), hint("no", titles[1], false)];
        let context = Context {
            today: Day::parse("2026-11-21").unwrap(),
            currency: Currency::Cop,
            expects: Expectation::YesNo,
            typed: Expectation::Nothing,
            options: &options,
        };
        let meaning = SHIPPED.understand(text, &context);
        assert_ne!(meaning.option.map(|found| found.id).as_deref(), Some("si"), "{text}: by likeness");
        (accepts.to_owned(), said(meaning.consent.map(|_| "yes")))
    });
}

#[test]
fn last_four_digits_of_a_document() {
    check("digits.tsv", |[text, digits]| {
        let got = read(text, "COP", Expectation::DocumentLast4).digits.map(|digits| digits.expose().clone());
        (digits.to_owned(), said(got))
    });
}

#[test]
fn day_and_month_of_a_birthday() {
    check("birthdays.tsv", |[currency, text, day_month]| {
        let got = read(text, currency, Expectation::BirthDayMonth).day_month;
        (day_month.to_owned(), said(got.map(|(day, month)| format!("{day}-{month}"))))
    });
}

#[test]
fn counts() {
    check("integers.tsv", |[text, integer]| {
        (integer.to_owned(), said(read(text, "COP", Expectation::Integer).integer))
    });
}

#[test]
fn personal_values_are_read_only_when_asked_for() {
    let meaning = read("cc 1020304821, 12 de marzo", "COP", Expectation::Nothing);
    assert_eq!((meaning.digits, meaning.day_month, meaning.integer), (None, None, None));
}

#[test]
fn safety_phrases_are_certain_and_heed_negation() {
    for (text, intent) in [
        ("STOP", Intent::Stop),
        ("por favor no me escriban más", Intent::Stop),
        ("número equivocado", Intent::WrongNumber),
        ("soy la esposa de él", Intent::ThirdParty),
        ("mi papá falleció", Intent::Deceased),
        ("me quiero morir", Intent::Distress),
        ("no reconozco esa deuda", Intent::Dispute),
        ("esto es una estafa?", Intent::FraudSuspicion),
        ("quiero hablar con un asesor", Intent::Human),
        ("quero falar com um atendente", Intent::Human),
        ("I want to talk to a person", Intent::Human),
    ] {
        let guess = read(text, "COP", Expectation::Nothing).intent.unwrap();
        assert_eq!((guess.intent, guess.how), (intent, IntentSource::Phrase), "{text}");
    }
    // "no, quiero un asesor" often comes without its comma: asked about, neither obeyed nor ignored.
    for text in ["no quiero un asesor", "no quiero hablar con un asesor"] {
        let meaning = read(text, "COP", Expectation::Nothing);
        assert_eq!(meaning.doubt, Some(Intent::Human), "{text}");
        assert!(meaning.intent.is_none_or(|guess| guess.intent != Intent::Human), "{text}");
    }
}

#[test]
fn the_object_tells_what_shall_stop_and_the_doer_who_hurts() {
    check("meanings.tsv", |[text, meaning]| {
        let found = read(text, "COP", Expectation::Nothing);
        let acted = found.intent.filter(|guess| {
            guess.how == IntentSource::Phrase
                || (guess.intent.is_safety() && guess.confidence_bps >= CERTAIN_BPS)
        });
        let acted = acted.map(|guess| guess.intent.name().to_owned());
        (meaning.to_owned(), said(found.doubt.map(|doubt| format!("?{}", doubt.name())).or(acted)))
    });
}

#[test]
fn words_never_seen_are_not_acted_on_as_safety() {
    for text in ["zanahoria", "xilofono", "qwertyuiop"] {
        let meaning = read(text, "COP", Expectation::Nothing);
        let certain = meaning.intent.filter(|guess| guess.intent.is_safety() && meaning.doubt.is_none());
        assert_eq!(certain, None, "{text}");
    }
}

#[test]
fn a_hint_of_harm_is_never_ignored() {
    for (text, intent) in [
        ("gasté todo en el funeral y no me alcanza", Intent::Deceased),
        ("no duermo pensando en esto", Intent::Distress),
        ("voy a hablar con mi abogado", Intent::Dispute),
    ] {
        let meaning = read(text, "COP", Expectation::Nothing);
        let acted = meaning.intent.is_some_and(|guess| guess.intent.is_safety());
        assert!(acted || meaning.doubt == Some(intent), "{text}: {meaning:?}");
    }
}

#[test]
fn a_plain_answer_raises_no_doubt() {
    for (text, expects) in [
        ("80 lucas", Expectation::Amount),
        ("el viernes", Expectation::Date),
        ("4821", Expectation::DocumentLast4),
        ("12 de marzo", Expectation::BirthDayMonth),
        ("si", Expectation::YesNo),
    ] {
        assert_eq!(read(text, "COP", expects).doubt, None, "{text}");
    }
}

#[test]
fn held_out_messages_are_understood_well_enough() {
    let report = evaluate::report(&shipped()).unwrap();
    assert!(report.macro_f1() >= 0.85, "{report}");
    assert!(report.safety_recall() >= 0.95, "{report}");
    assert!(report.safety_never_ignored() >= 0.98, "{report}");
    assert!(report.false_alarms() <= 0.15, "{report}");
}

#[test]
fn every_safety_intent_has_a_hundred_examples() {
    let mut rows = super::lexicon::read_examples(&shipped().join("shared.tsv")).unwrap();
    rows.extend(super::lexicon::read_examples(&shipped().join("intents.tsv")).unwrap());
    for intent in Intent::ALL.into_iter().filter(|intent| intent.is_safety()) {
        assert!(rows.iter().filter(|row| row.intent == intent).count() >= 100, "{}", intent.name());
    }
}

#[test]
fn an_error_in_a_file_names_the_place_and_the_remedy() {
    for (file, text, expected) in [
        (
            "phrases.tsv",
            "intent\tcertainty\tpattern\n\nstopp\tcertain\tbaja\n",
            "phrases.tsv:3: `stopp` is not an intent; did you mean `stop`?",
        ),
        (
            "phrases.tsv",
            "intent\tcertainty\tpattern\nstop\tmaybe\tbaja\n",
            "phrases.tsv:2: `maybe` is not a degree of certainty; write `certain`, `doubt` or `idiom`",
        ),
        (
            "phrases.tsv",
            "intent\tcertainty\tpattern\nthanks\tdoubt\tgracias\n",
            "phrases.tsv:2: `thanks` is not a safety intent, so it cannot be in doubt; write `certain`, or remove the line",
        ),
        (
            "phrases.tsv",
            "intent\tcertainty\n",
            "phrases.tsv:1: the header is not as expected; the first line must be `intent certainty pattern`, parted by tabs",
        ),
        (
            "intents.tsv",
            "intent\tcountry\ttext\nstop\tCO\n",
            "intents.tsv:2: 2 fields instead of 3; part `intent country text` by single tabs",
        ),
        (
            "yes_no.tsv",
            "answer\tphrase\nja\tja\n",
            "yes_no.tsv:2: `ja` is not an answer; write `yes`, `no` or `none`",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(shipped()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), dir.path().join(entry.file_name())).unwrap();
        }
        std::fs::write(dir.path().join(file), text).unwrap();
        let error = Understander::load(dir.path()).err().unwrap();
        assert!(error.to_string().ends_with(expected), "{error}");
    }
}

#[test]
fn a_missing_file_says_which_ones_are_needed() {
    let dir = tempfile::tempdir().unwrap();
    let error = Understander::load(dir.path()).err().unwrap();
    assert!(matches!(error, UnderstandError::Unreadable { .. }));
    assert!(error.to_string().contains("phrases.tsv"));
}

#[test]
fn what_a_person_wrote_does_not_print() {
    let meaning = read("me llamo Fulgencio y nací el 12 de marzo", "COP", Expectation::BirthDayMonth);
    let printed = format!("{meaning:?}");
    assert!(!printed.contains("fulgencio") && !printed.contains("12"), "{printed}");
}

#[test]
fn ten_thousand_characters_are_read() {
    for text in [
        "a ".repeat(5_000),
        "😂".repeat(10_000),
        "9".repeat(10_000),
        "mil ".repeat(2_500),
        "no ".repeat(3_333),
    ] {
        read(&text, "COP", Expectation::Amount);
    }
}

/// Texts that lead to the corners: signs, marks, directions, and words that the readers know.
fn any_text() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "el",
        "5",
        "de",
        "mil",
        "millon",
        "y",
        "medio",
        "31",
        "febrero",
        "viernes",
        "otra",
        "semana",
        "$",
        "/",
        "-",
        ".",
        ",",
        "'",
        "99999999999999999999",
        "1.5",
        "0",
        "en",
        "dias",
        "palos",
        "no",
        "si",
        "quincena",
        "fin",
        "mes",
        "\u{200b}",
        "\u{202e}",
        "👍🏽",
        "e\u{301}",
        "مرحبا",
        "שלום",
        "2️⃣",
        "ﷺ",
        "9999",
        "-1",
        "mañana",
        "a",
        "half",
    ]);
    prop_oneof![
        any::<String>(),
        "\\PC{0,200}",
        prop::collection::vec(known, 0..40).prop_map(|words| words.join(" "))
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_the_same_way_twice_and_round_trips(text in any_text(), which in 0_usize..9, currency in 0_usize..7) {
        let expects = [
            Expectation::Nothing, Expectation::Option, Expectation::Amount, Expectation::Date, Expectation::DocumentLast4,
            Expectation::BirthDayMonth, Expectation::YesNo, Expectation::Text, Expectation::Integer,
        ][which];
        let currency = Currency::ALL[currency];
        let options = [OptionHint {
            id: "a".into(),
            title: "Pagar hoy".into(),
            synonyms: vec!["ya".into()],
            binds: false,
        }];
        let today = Day::parse("2026-11-21").unwrap();
        let context = Context { today, currency, expects, typed: Expectation::Nothing, options: &options };
        let first = SHIPPED.understand(&text, &context);
        prop_assert_eq!(&first, &SHIPPED.understand(&text, &context));
        let stored = serde_json::to_string(&first).unwrap();
        prop_assert_eq!(&first, &serde_json::from_str::<Understanding>(&stored).unwrap());
        if let Some(amount) = first.amount {
            prop_assert!(amount.is_positive() && amount.currency == currency && amount.minor % currency.step_minor() == 0);
        }
        if let Some(day) = first.date {
            prop_assert!(day >= today);
        }
    }
}
