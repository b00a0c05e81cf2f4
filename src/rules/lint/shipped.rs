//! What a folder's rules let pass that the shipped ones stop: rules that were taken out, made to hold in fewer places, or robbed
//! of their words.

use super::{Author, Lint, LintError, Rule, RuleText};
use std::collections::BTreeSet;

const SHIPPED: &str = include_str!("../../../flows/policies/lint.yaml");

/// How a folder's rules are weaker than the shipped ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weaker {
    /// The rule; nothing when it is a set of words.
    pub rule: Option<String>,
    /// What is missing, in words for whoever edits the file.
    pub what: String,
    pub remedy: &'static str,
    /// What it stopped is not stopped any more; else it stops less, which somebody may mean.
    pub is_mistake: bool,
}

impl Lint {
    /// The rules that come with this program.
    ///
    /// # Errors
    /// Never: they are tested.
    pub fn shipped() -> Result<Self, LintError> {
        Self::parse(SHIPPED)
    }

    /// What these rules let pass that `other` stops, in the order of `other`.
    pub fn weaker_than(&self, other: &Self) -> Vec<Weaker> {
        let mut found = Vec::new();
        for theirs in &other.rules {
            let id = &theirs.head.id;
            match self.rules.iter().find(|rule| rule.head.id == *id) {
                None => found.push(Weaker {
                    rule: None,
                    what: format!("the rule `{id}` is missing: {}", theirs.head.title),
                    remedy: "put it back as it was shipped; rules of your own stand beside it",
                    is_mistake: true,
                }),
                Some(ours) => found.extend(narrowed(ours, theirs)),
            }
        }
        for (name, words) in &other.sets {
            let ours = self.sets.get(name).map(Vec::as_slice).unwrap_or_default();
            let missing = count_missing(ours, words);
            // A set that no rule uses any more says nothing of its own.
            if missing > 0 && self.sets.contains_key(name) {
                found.push(Weaker {
                    rule: None,
                    what: format!("the set `{name}` lacks {missing} of the words that it was shipped with"),
                    remedy: "put them back; add the words that you need",
                    is_mistake: missing == words.len(),
                });
            }
        }
        found
    }
}

/// How a rule holds in fewer places, or stops less, than the shipped one of its name.
fn narrowed(ours: &Rule, theirs: &Rule) -> Vec<Weaker> {
    let (ours, theirs) = (&ours.head, &theirs.head);
    let id = &theirs.id;
    let weaker = |what: String, remedy: &'static str, is_mistake: bool| Weaker {
        rule: Some(id.clone()),
        what,
        remedy,
        is_mistake,
    };
    let mut found = Vec::new();
    if ours.quiet && !theirs.quiet {
        let what = format!("`{id}` is `quiet`, so it holds only where nobody speaks of debts or payments");
        found.push(weaker(what, "leave `quiet` out of it; what it stops is stopped everywhere", true));
    }
    let free: Vec<&str> =
        theirs.authors.iter().filter(|one| !ours.authors.contains(one)).map(|one| one.name()).collect();
    if !free.is_empty() {
        let what = format!("`{id}` does not hold for {} any more", free.join(", "));
        found.push(weaker(what, "name them in `in`, as it was shipped", true));
    }
    // Without a level it holds always.
    if let Some(below) = ours.below.filter(|below| theirs.below.is_none_or(|shipped| *below < shipped)) {
        let what = format!("`{id}` holds only below the level `{}`", below.name());
        found.push(weaker(what, "write `below` as it was shipped, or leave it out", true));
    }
    if theirs.facts.iter().any(|fact| !ours.facts.contains(fact)) {
        let what = format!("`{id}` does not stop all that is found by comparing a text with the file");
        found.push(weaker(what, "write its `facts` as it was shipped; others may stand beside them", true));
    }
    let (lost, all) = lost_words(ours, theirs);
    if lost > 0 {
        let what = format!("`{id}` lacks {lost} of its {all} phrases, pairs and patterns");
        found.push(weaker(what, "put them back; a false alarm is lifted by `unless`", lost == all));
    }
    let lifts = more(&ours.unless, &theirs.unless)
        + more(&ours.unless_said, &theirs.unless_said)
        + more(&ours.unless_said_quiet, &theirs.unless_said_quiet);
    if lifts > 0 || (ours.unless_denied && !theirs.unless_denied) {
        let what = format!("`{id}` is lifted by words that it was not shipped with");
        found.push(weaker(what, "read them again: what they stand beside is stopped no more", false));
    }
    found
}

/// The shipped phrases, pairs and patterns that a rule lacks, and how many there are.
fn lost_words(ours: &RuleText, theirs: &RuleText) -> (usize, usize) {
    let near = theirs.near.iter().filter(|near| !ours.near.contains(near)).count();
    let lost = near
        + count_missing(&ours.phrases, &theirs.phrases)
        + count_missing(&ours.patterns, &theirs.patterns);
    (lost, theirs.near.len() + theirs.phrases.len() + theirs.patterns.len())
}

fn count_missing(ours: &[String], theirs: &[String]) -> usize {
    let ours: BTreeSet<&String> = ours.iter().collect();
    theirs.iter().filter(|one| !ours.contains(one)).count()
}

fn more(ours: &[String], theirs: &[String]) -> usize {
    count_missing(theirs, ours)
}

impl Author {
    /// As `in` writes it.
    const fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Bot => "bot",
            Self::Template => "template",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SHIPPED;
    use crate::rules::lint::Lint;

    /// What is told of the shipped rules after an edit: whether it is a mistake, and its words.
    fn told(from: &str, to: &str) -> Vec<(bool, String)> {
        assert!(SHIPPED.contains(from), "{from}");
        let ours = Lint::parse(&SHIPPED.replacen(from, to, 1)).unwrap();
        let found = ours.weaker_than(&Lint::shipped().unwrap());
        found.into_iter().map(|one| (one.is_mistake, one.what)).collect()
    }

    #[test]
    fn rules_that_stop_less_than_the_shipped_ones_are_told() {
        for (from, to, is_mistake, said) in [
            ("  - id: embargo\n", "  - id: embargos\n", true, "the rule `embargo` is missing"),
            ("  - id: embargo\n", "  - id: embargo\n    quiet: true\n", true, "`embargo` is `quiet`"),
            (
                "    in: [agent, bot, template]\n",
                "    in: [agent]\n",
                true,
                "does not hold for bot, template",
            ),
            ("    below: verificada\n", "    below: canal\n", true, "only below the level `canal`"),
            ("    facts: [secret]\n", "", true, "does not stop all that is found"),
            (
                "    unless_said: [",
                "    unless_said: [\"con gusto\", ",
                false,
                "words that it was not shipped with",
            ),
            ("  pedir: [\"mande*\", ", "  pedir: [", false, "the set `pedir` lacks 1 of"),
        ] {
            let found = told(from, to);
            assert!(
                found.iter().any(|(grave, what)| *grave == is_mistake && what.contains(said)),
                "{to}: {found:#?}"
            );
        }
    }

    #[test]
    fn the_shipped_rules_and_more_words_are_no_weaker() {
        assert_eq!(told("version: 1\n", "version: 1\n"), []);
        assert_eq!(told("  pedir: [\"mande*\", ", "  pedir: [\"mande*\", \"regaleme*\", "), []);
        assert_eq!(
            told(
                "  - id: embargo\n",
                "  - id: propia\n    class: LINT-OWN\n    title: t\n    remedy: r\n    in: [agent]\n    phrases: [xyz]\n  - id: embargo\n"
            ),
            []
        );
    }
}
