//! Texts that a language of the bot does not have.

use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding};

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    const LISTED_MAX: usize = 8;
    for ((language, part), keys) in &compiled.untranslated {
        let Some(first) = keys.first() else { continue };
        let shown = keys.iter().take(LISTED_MAX).map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        let rest = keys.len().saturating_sub(LISTED_MAX);
        let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        let what = if part == "bot" { "bot.yaml".to_owned() } else { format!("flow `{part}`") };
        let message = format!("{} text(s) of {what} are missing in `{language}`", keys.len());
        findings.push(
            Finding::new(Code::TextMissing, compiled.places.find(first), message)
                .label("the first of them")
                .help(format!(
                    "write them in locales/{language}.yaml: {shown}{more}; or take `{language}` out of `languages`"
                )),
        );
    }
}
