//! Bodies as reviewed, every limit at its edge, and the round trip through what plays Meta.

use super::{RequestError, mark_read, message};
use crate::domain::identity::{Bsuid, WaId, WaIdentity};
use crate::domain::ids::Wamid;
use crate::domain::outbound::{Choice, MediaSource, Outbound, Row, Section, Template, TemplateParameter};
use crate::domain::pii::Pii;
use crate::ports::message_sender::ReadReceipt;
use crate::whatsapp::inspect::{OutgoingView, inspect};
use crate::whatsapp::limits::{LimitError, flatten};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

const CALLBACK: &str = "out:0192f0c1-7f3c-7000-8000-000000000001";

#[derive(Deserialize, serde::Serialize)]
struct Case {
    to: WaIdentity,
    message: Outbound,
    body: Value,
}

fn phone() -> WaIdentity {
    WaIdentity { wa_id: WaId::parse("573001112233"), bsuid: None }
}

fn body_of(to: &WaIdentity, outbound: &Outbound) -> Value {
    serde_json::from_slice(&message(to, outbound, CALLBACK).unwrap()).unwrap()
}

/// `ACUERDO_BLESS=1` writes `body` anew.
#[test]
fn each_message_becomes_the_reviewed_body() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/graph/requests");
    let mut kinds = BTreeSet::new();
    let mut wrong = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let mut case: Case = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let actual = body_of(&case.to, &case.message);
        kinds.insert(case.message.kind());
        if std::env::var_os("ACUERDO_BLESS").is_some() {
            case.body = actual.clone();
            std::fs::write(&path, serde_json::to_string_pretty(&case).unwrap() + "\n").unwrap();
        }
        if case.body != actual {
            wrong.push(format!("{}\n{actual:#}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let all = ["text", "buttons", "list", "link", "document", "image", "template"];
    assert_eq!(kinds, BTreeSet::from(all), "each kind of message has a fixture");
}

#[test]
fn a_user_id_never_stands_in_to() {
    let text = Outbound::Text { body: Pii::new("hola".to_owned()) };
    let both = WaIdentity { bsuid: Bsuid::parse("CO.1"), ..phone() };
    let body = body_of(&both, &text);
    assert_eq!((body["to"].as_str(), body.get("recipient")), (Some("+573001112233"), None));
    let hidden = WaIdentity { wa_id: None, bsuid: Bsuid::parse("CO.1") };
    let body = body_of(&hidden, &text);
    assert_eq!((body.get("to"), body["recipient"].as_str()), (None, Some("CO.1")));
    let nobody = WaIdentity { wa_id: None, bsuid: None };
    assert!(matches!(message(&nobody, &text, CALLBACK), Err(RequestError::Limit(LimitError::Empty { .. }))));
}

#[test]
fn read_receipts_have_metas_shape() {
    let wamid = Wamid::new("wamid.1");
    let read = |receipt| serde_json::from_slice::<Value>(&mark_read(&wamid, receipt).unwrap()).unwrap();
    let plain = json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1"});
    assert_eq!(read(ReadReceipt::Read), plain);
    let mut typing = plain;
    typing["typing_indicator"] = json!({"type": "text"});
    assert_eq!(read(ReadReceipt::ReadAndTyping), typing);
    assert!(mark_read(&Wamid::new(""), ReadReceipt::Read).is_err());
}

fn text(body: &str) -> Outbound {
    Outbound::Text { body: Pii::new(body.to_owned()) }
}

fn buttons(choices: &[(&str, &str)]) -> Outbound {
    let buttons =
        choices.iter().map(|(id, title)| Choice { id: (*id).to_owned(), title: (*title).to_owned() });
    Outbound::Buttons { body: Pii::new("¿?".to_owned()), footer: None, buttons: buttons.collect() }
}

fn row(id: &str, title: &str, description: Option<&str>) -> Row {
    Row { id: id.to_owned(), title: title.to_owned(), description: description.map(str::to_owned) }
}

fn list(sections: Vec<Section>) -> Outbound {
    Outbound::List { body: Pii::new("x".to_owned()), footer: None, button: "Ver".to_owned(), sections }
}

fn rows(n: usize) -> Vec<Row> {
    (0..n).map(|n| row(&format!("r{n}"), "x", None)).collect()
}

fn one_section(title: Option<String>, rows: Vec<Row>) -> Outbound {
    list(vec![Section { title, rows }])
}

fn template(edit: impl FnOnce(&mut Template)) -> Outbound {
    let mut template = Template {
        name: "saludo".to_owned(),
        language: "es_CO".to_owned(),
        body: Vec::new(),
        quick_replies: Vec::new(),
    };
    edit(&mut template);
    Outbound::Template(template)
}

fn link(body: &str, display: &str, url: &str) -> Outbound {
    Outbound::Link {
        body: Pii::new(body.to_owned()),
        display: display.to_owned(),
        url: Pii::new(url.to_owned()),
    }
}

fn document(filename: &str, caption: Option<String>) -> Outbound {
    let source = MediaSource::Id("1".to_owned());
    Outbound::Document { source, filename: filename.to_owned(), caption: caption.map(Pii::new) }
}

/// One limit: how to make a message with a field of `n` characters, the limit, and the field's name in the error.
type Edge = (fn(&str) -> Outbound, usize, &'static str);

const EDGES: &[Edge] = &[
    (text, 4096, "body"),
    (
        |x| Outbound::Buttons {
            body: Pii::new(x.to_owned()),
            footer: None,
            buttons: vec![Choice { id: "a".into(), title: "A".into() }],
        },
        1024,
        "body",
    ),
    (
        |x| Outbound::Buttons {
            body: Pii::new("x".to_owned()),
            footer: Some(x.to_owned()),
            buttons: vec![Choice { id: "a".into(), title: "A".into() }],
        },
        60,
        "footer",
    ),
    (|x| buttons(&[("a", "A"), ("b", x)]), 20, "buttons[1].title"),
    (|x| buttons(&[(x, "A")]), 256, "buttons[0].id"),
    (
        |x| Outbound::List {
            body: Pii::new(x.to_owned()),
            footer: None,
            button: "Ver".into(),
            sections: vec![Section { title: None, rows: rows(1) }],
        },
        4096,
        "body",
    ),
    (
        |x| Outbound::List {
            body: Pii::new("x".to_owned()),
            footer: Some(x.to_owned()),
            button: "Ver".into(),
            sections: vec![Section { title: None, rows: rows(1) }],
        },
        60,
        "footer",
    ),
    (
        |x| Outbound::List {
            body: Pii::new("x".to_owned()),
            footer: None,
            button: x.to_owned(),
            sections: vec![Section { title: None, rows: rows(1) }],
        },
        20,
        "button",
    ),
    (|x| one_section(Some(x.to_owned()), rows(1)), 24, "sections[0].title"),
    (|x| one_section(None, vec![row(x, "x", None)]), 200, "sections[0].rows[0].id"),
    (|x| one_section(None, vec![row("a", x, None)]), 24, "sections[0].rows[0].title"),
    (|x| one_section(None, vec![row("a", "x", Some(x))]), 72, "sections[0].rows[0].description"),
    (|x| link(x, "Pagar", "https://a.example"), 1024, "body"),
    (|x| link("x", x, "https://a.example"), 20, "display"),
    (|x| document(x, None), 240, "filename"),
    (|x| document("a.pdf", Some(x.to_owned())), 1024, "caption"),
    (
        |x| Outbound::Image {
            source: MediaSource::Id("1".to_owned()),
            caption: Some(Pii::new(x.to_owned())),
        },
        1024,
        "caption",
    ),
    (
        |x| template(|it| it.body = vec![TemplateParameter { name: None, value: Pii::new(x.to_owned()) }]),
        1024,
        "template.body[0]",
    ),
    (|x| template(|it| it.quick_replies = vec![x.to_owned()]), 256, "template.quick_replies[0]"),
];

#[test]
fn every_length_is_checked_at_its_edge_in_characters() {
    for (make, max, field) in EDGES {
        // Three bytes each, so that bytes would be refused at a third of the limit.
        let fits = "€".repeat(*max);
        assert!(message(&phone(), &make(&fits), CALLBACK).is_ok(), "{field} of {max}");
        let Err(RequestError::Limit(error)) = message(&phone(), &make(&"€".repeat(max + 1)), CALLBACK)
        else {
            panic!("{field} of {} is let through", max + 1)
        };
        assert_eq!(error, LimitError::TooLong { field: (*field).to_owned(), max: *max, actual: max + 1 });
        let Err(RequestError::Limit(error)) = message(&phone(), &make(" "), CALLBACK) else {
            panic!("a blank {field} is let through")
        };
        assert_eq!(error, LimitError::Empty { field: (*field).to_owned() });
    }
}

#[test]
fn counts_repeats_and_formats_are_checked() {
    let section = |title: Option<&str>, n| Section { title: title.map(str::to_owned), rows: rows(n) };
    let named =
        |name: Option<&str>| TemplateParameter { name: name.map(str::to_owned), value: Pii::new("x".into()) };
    let cases: Vec<(Outbound, &str)> = vec![
        (buttons(&[]), "`buttons` is empty"),
        (
            buttons(&[("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")]),
            "`buttons` has 4 entries; WhatsApp allows 3",
        ),
        (
            buttons(&[("a", "A"), ("a", "B")]),
            "`buttons[1].id` is the same as an earlier one; WhatsApp wants them distinct",
        ),
        (
            buttons(&[("a", "A"), ("b", "A")]),
            "`buttons[1].title` is the same as an earlier one; WhatsApp wants them distinct",
        ),
        (buttons(&[("a ", "A")]), "`buttons[0].id` begins or ends with white space"),
        (list(vec![]), "`sections` is empty"),
        (list(vec![section(None, 11)]), "`sections[].rows (in all)` has 11 entries; WhatsApp allows 10"),
        (
            list(vec![section(Some("a"), 1), section(Some("b"), 1)]),
            "`sections[1].rows[0].id` is the same as an earlier one; WhatsApp wants them distinct",
        ),
        (
            list(vec![section(Some("a"), 1), Section { title: None, rows: vec![row("z", "x", None)] }]),
            "`sections[1].title` is empty",
        ),
        (list(vec![section(Some("a"), 1), section(Some("b"), 0)]), "`sections[1].rows` is empty"),
        (link("x", "Pagar", "ftp://a.example"), "`url` is not an absolute http or https address"),
        (link("x", "Pagar", "https://a.example/a b"), "`url` is not an absolute http or https address"),
        (template(|it| it.name = "Saludo Uno".into()), "`template.name` may hold only a-z, 0-9 and _"),
        (
            template(|it| it.language = "es-CO".into()),
            "`template.language` is not a language code such as es or es_CO",
        ),
        (
            template(|it| it.body = vec![named(Some("a")), named(None)]),
            "`template.body` mixes named and positional parameters, which Meta refuses (132000)",
        ),
        (
            template(|it| it.body = vec![named(Some("a")), named(Some("a"))]),
            "`template.body[1].name` is the same as an earlier one; WhatsApp wants them distinct",
        ),
        (
            template(|it| it.quick_replies = vec!["a".into(); 11]),
            "`template.quick_replies` has 11 entries; WhatsApp allows 10",
        ),
    ];
    for (outbound, expected) in cases {
        let error = message(&phone(), &outbound, CALLBACK).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let error = message(&phone(), &text("x"), &"c".repeat(513)).unwrap_err();
    assert_eq!(error.to_string(), "`biz_opaque_callback_data` has 513 characters; WhatsApp allows 512");
}

#[test]
fn a_refusal_never_repeats_the_text() {
    let secret = "Ana debe 1.200.000 ".repeat(300);
    let error = message(&phone(), &text(&secret), CALLBACK).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("Ana"));
}

#[test]
fn template_values_are_flattened() {
    assert_eq!(flatten(" Ana\n\tMaría \u{200b}  \u{202e}Ruiz\u{0007}\r\n"), "Ana María Ruiz");
    assert_eq!(flatten("\u{feff} \u{200e}"), "");
    assert_eq!(flatten("👩\u{200d}👧 hola"), "👩\u{200d}👧 hola", "what holds an emoji together stays");
}

fn words() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9áñ¿? .\n🙂]{1,80}"
}

fn outbound() -> impl Strategy<Value = Outbound> {
    let pii = || words().prop_map(Pii::new);
    let choice = (words(), "[a-z ñ]{1,24}").prop_map(|(id, title)| Choice { id, title });
    let row = ("[a-z]{1,9}", "[a-zñ ]{1,26}", proptest::option::of(words()))
        .prop_map(|(id, title, description)| Row { id, title, description });
    let section = (proptest::option::of("[a-z]{1,9}"), proptest::collection::vec(row, 0..5))
        .prop_map(|(title, rows)| Section { title, rows });
    let source = prop_oneof![
        "[0-9]{1,9}".prop_map(MediaSource::Id),
        "https://[a-z]{1,9}\\.example/[a-z]{0,9}".prop_map(|url| MediaSource::Link(Pii::new(url)))
    ];
    let parameter = (proptest::option::of("[a-z]{1,9}"), "[a-zñ]{1,9}( [a-zñ]{1,9})?")
        .prop_map(|(name, value)| TemplateParameter { name, value: Pii::new(value) });
    prop_oneof![
        pii().prop_map(|body| Outbound::Text { body }),
        (pii(), proptest::option::of(words()), proptest::collection::vec(choice, 0..5))
            .prop_map(|(body, footer, buttons)| Outbound::Buttons { body, footer, buttons }),
        (pii(), proptest::option::of(words()), words(), proptest::collection::vec(section, 0..4))
            .prop_map(|(body, footer, button, sections)| Outbound::List { body, footer, button, sections }),
        (pii(), words(), "https://[a-z]{1,9}\\.example").prop_map(|(body, display, url)| Outbound::Link {
            body,
            display,
            url: Pii::new(url)
        }),
        (source.clone(), words(), proptest::option::of(pii()))
            .prop_map(|(source, filename, caption)| Outbound::Document { source, filename, caption }),
        (source, proptest::option::of(pii()))
            .prop_map(|(source, caption)| Outbound::Image { source, caption }),
        (
            "[a-z_0-9]{1,20}",
            proptest::collection::vec(parameter, 0..4),
            proptest::collection::vec("[A-Z]{1,9}", 0..3)
        )
            .prop_map(|(name, body, quick_replies)| Outbound::Template(Template {
                name,
                language: "es_CO".to_owned(),
                body,
                quick_replies
            })),
    ]
}

proptest! {
    /// What we let through, Meta's part reads back as the same message to the same person.
    #[test]
    fn what_is_sent_is_what_was_meant(
        outbound in outbound(),
        to in prop_oneof![Just(phone()), Just(WaIdentity { wa_id: None, bsuid: Bsuid::parse("CO.1") })],
    ) {
        let Ok(body) = message(&to, &outbound, CALLBACK) else { return Ok(()) };
        let view = inspect(&serde_json::from_slice(&body).unwrap()).unwrap();
        let OutgoingView::Message(seen) = view else { panic!() };
        prop_assert_eq!(seen.to, to);
        prop_assert_eq!(seen.message, outbound);
        prop_assert_eq!(seen.callback.as_deref(), Some(CALLBACK));
    }
}
