//! Reading shapes out of a tree of nodes, collecting every error on the way.

use crate::domain::time::Millis;
use crate::flow::diagnostic::{Code, Finding, Span, nearest};
use crate::flow::source::{Node, NodeKind, Scalar};
use crate::flow::syntax::Spanned;

/// Collects findings; a method that finds something wrong gives `None` and goes on.
#[derive(Debug, Default)]
pub struct Reader {
    pub findings: Vec<Finding>,
}

/// A map whose keys are known to be allowed.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'n> {
    /// Where to point when a key is missing.
    pub span: Span,
    entries: &'n [(Scalar, Node)],
}

impl<'n> Fields<'n> {
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|(_, node)| node)
    }

    pub fn entry(&self, key: &str) -> Option<&'n (Scalar, Node)> {
        self.entries.iter().find(|(name, _)| name.text == key)
    }
}

impl Reader {
    pub fn report(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// A map with any keys.
    pub fn entries<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(Scalar, Node)]> {
        match &node.kind {
            NodeKind::Map(entries) => Some(entries),
            NodeKind::Null | NodeKind::Scalar(_) | NodeKind::Seq(_) => {
                self.wrong(node, what, "a map `key: value`")
            }
        }
    }

    /// A map with known keys; unknown ones are reported with the nearest known one. `at` is the place to name
    /// when a key is missing.
    pub fn fields<'n>(&mut self, node: &'n Node, at: Span, what: &str, known: &[&str]) -> Option<Fields<'n>> {
        let entries = self.entries(node, what)?;
        for (key, _) in entries {
            if !known.contains(&key.text.as_str()) {
                self.unknown_key(key, what, known);
            }
        }
        Some(Fields { span: at, entries })
    }

    pub fn unknown_key(&mut self, key: &Scalar, what: &str, known: &[&str]) {
        let help = nearest(&key.text, known.iter().copied()).map_or_else(
            || {
                format!(
                    "known here: {}",
                    known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
                )
            },
            |near| format!("did you mean `{near}`?"),
        );
        self.report(
            Finding::new(Code::UnknownKey, key.span, format!("{what} has no key `{}`", key.text))
                .label("unknown key")
                .help(help),
        );
    }

    pub fn missing(&mut self, at: Span, what: &str, key: &str, help: &str) {
        self.report(
            Finding::new(Code::MissingKey, at, format!("{what} needs `{key}`"))
                .label(format!("`{key}` is missing"))
                .help(help),
        );
    }

    fn wrong<T>(&mut self, node: &Node, what: &str, wanted: &str) -> Option<T> {
        let found = match &node.kind {
            NodeKind::Null => "nothing",
            NodeKind::Scalar(_) => "a text",
            NodeKind::Seq(_) => "a list",
            NodeKind::Map(_) => "a map",
        };
        let mut finding = Finding::new(Code::WrongShape, node.span, format!("{what} must be {wanted}"))
            .label(format!("this is {found}"));
        if matches!(node.kind, NodeKind::Map(_) | NodeKind::Seq(_)) && wanted.contains("text") {
            finding = finding.help("a text that begins with `{` or `[` needs quotes");
        }
        self.report(finding);
        None
    }

    /// A non-empty text.
    pub fn scalar(&mut self, node: &Node, what: &str) -> Option<Scalar> {
        match &node.kind {
            NodeKind::Scalar(scalar) if !scalar.text.trim().is_empty() => Some(scalar.clone()),
            NodeKind::Scalar(_) => {
                self.report(
                    Finding::new(Code::WrongShape, node.span, format!("{what} is empty"))
                        .label("write something"),
                );
                None
            }
            NodeKind::Null | NodeKind::Seq(_) | NodeKind::Map(_) => self.wrong(node, what, "a text"),
        }
    }

    pub fn required(&mut self, fields: Fields<'_>, what: &str, key: &str, help: &str) -> Option<Scalar> {
        match fields.get(key) {
            Some(node) => self.scalar(node, &format!("`{key}`")),
            None => {
                self.missing(fields.span, what, key, help);
                None
            }
        }
    }

    pub fn optional(&mut self, fields: Fields<'_>, key: &str) -> Option<Scalar> {
        fields.get(key).and_then(|node| self.scalar(node, &format!("`{key}`")))
    }

    pub fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        match &node.kind {
            NodeKind::Seq(items) => Some(items),
            NodeKind::Null | NodeKind::Scalar(_) | NodeKind::Map(_) => {
                self.wrong(node, what, "a list `[a, b]`")
            }
        }
    }

    /// One text or a list of them; absent is empty.
    pub fn one_or_more(&mut self, fields: Fields<'_>, key: &str) -> Vec<Scalar> {
        match fields.get(key).map(|node| &node.kind) {
            Some(NodeKind::Seq(_)) => self.scalars(fields, key),
            Some(NodeKind::Null | NodeKind::Scalar(_) | NodeKind::Map(_)) | None => {
                self.optional(fields, key).into_iter().collect()
            }
        }
    }

    /// A list of texts; absent is empty.
    pub fn scalars(&mut self, fields: Fields<'_>, key: &str) -> Vec<Scalar> {
        let Some(node) = fields.get(key) else { return Vec::new() };
        let what = format!("`{key}`");
        let Some(items) = self.list(node, &what) else { return Vec::new() };
        items.iter().filter_map(|item| self.scalar(item, &format!("each of {what}"))).collect()
    }

    /// A map of texts in file order; absent is empty.
    pub fn pairs(&mut self, fields: Fields<'_>, key: &str) -> Vec<(Scalar, Scalar)> {
        let Some(node) = fields.get(key) else { return Vec::new() };
        let Some(entries) = self.entries(node, &format!("`{key}`")) else { return Vec::new() };
        entries
            .iter()
            .filter_map(|(name, node)| {
                self.scalar(node, &format!("`{}`", name.text)).map(|value| (name.clone(), value))
            })
            .collect()
    }

    pub fn flag(&mut self, fields: Fields<'_>, key: &str) -> bool {
        let Some(scalar) = self.optional(fields, key) else { return false };
        match scalar.text.as_str() {
            "true" => true,
            "false" => false,
            other => {
                let finding =
                    Finding::new(Code::BadValue, scalar.span, format!("`{key}` is `true` or `false`"))
                        .label(format!("`{other}` is neither"));
                self.report(finding);
                false
            }
        }
    }

    pub fn duration(&mut self, fields: Fields<'_>, key: &str) -> Option<Spanned<Millis>> {
        let scalar = self.optional(fields, key)?;
        self.duration_of(&scalar)
    }

    /// `30m`, `4h`, `3d`: from a minute to a year.
    pub fn duration_of(&mut self, scalar: &Scalar) -> Option<Spanned<Millis>> {
        let value = parse_duration(&scalar.text);
        if value.is_none() {
            self.report(
                Finding::new(
                    Code::BadValue,
                    scalar.span,
                    format!("`{}` is not a length of time", scalar.text),
                )
                .label("from 1m to 365d")
                .help("write minutes `30m`, hours `4h` or days `3d`"),
            );
        }
        value.map(|value| Spanned { value, span: scalar.span })
    }

    /// A whole number within a range.
    pub fn number(&mut self, node: &Node, what: &str, least: u32, most: u32) -> Option<Spanned<u32>> {
        let scalar = self.scalar(node, what)?;
        match scalar.text.parse() {
            Ok(value) if (least..=most).contains(&value) => Some(Spanned { value, span: scalar.span }),
            _ => {
                self.report(
                    Finding::new(
                        Code::BadValue,
                        scalar.span,
                        format!("{what} is a whole number from {least} to {most}"),
                    )
                    .label(format!("not `{}`", scalar.text)),
                );
                None
            }
        }
    }
}

/// `30m`, `4h` or `3d`.
pub fn parse_duration(text: &str) -> Option<Millis> {
    const DAYS_MAX: i64 = 365;
    let unit = text.chars().last()?;
    let n: i64 = text.strip_suffix(unit)?.parse().ok().filter(|n| (1..=525_600).contains(n))?;
    let length = match unit {
        'm' => Millis::minutes(n),
        'h' => Millis::hours(n),
        'd' => Millis::days(n),
        _ => return None,
    };
    (length <= Millis::days(DAYS_MAX)).then_some(length)
}
