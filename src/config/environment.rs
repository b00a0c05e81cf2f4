//! The variables of the environment, secrets in files among them, and those that nobody reads.

use super::ENVIRONMENT;
use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};
use std::collections::BTreeMap;

/// Settings that are numbers.
const NUMBERS: &[&str] = &["telemetry.trace_one_in"];

/// Variables that may instead name, with this at their end, a file that holds the value: so Docker and Kubernetes hand
/// out secrets, and no other program of the machine sees them in the environment.
const IN_FILE: &str = "_FILE";
const SECRETS: &[&str] = &[
    "DATABASE_URL",
    "REDIS_URL",
    "ACUERDO_CHECKOUT_SECRET",
    "WHATSAPP_APP_SECRET",
    "WHATSAPP_VERIFY_TOKEN",
    "WHATSAPP_ACCESS_TOKEN",
];
/// Read elsewhere: by the command line.
const OTHERS: &[&str] = &["ACUERDO_CONFIG"];
/// What is ours by its name.
const OURS: [&str; 2] = ["ACUERDO_", "WHATSAPP_"];
/// Read by the tests and by what measures.
const OF_TESTS: [&str; 2] = ["ACUERDO_TEST_", "ACUERDO_BLESS"];

/// The variables of [`ENVIRONMENT`] that are set and not empty, each as the text that it is unless it is a number by
/// nature: Meta's ids are all digits, and a secret may look like a number.
pub(super) struct Environment;

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("the environment")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let (mut set, mut tables) = (Dict::new(), BTreeMap::<&str, Dict>::new());
        for (variable, setting) in ENVIRONMENT {
            let Some(text) = value(variable)? else { continue };
            let number = NUMBERS.contains(setting).then(|| text.parse::<u32>().ok()).flatten();
            let value = number.map_or_else(|| Value::from(text), Value::from);
            match setting.split_once('.') {
                Some((table, name)) => tables.entry(table).or_default().insert(name.to_owned(), value),
                None => set.insert((*setting).to_owned(), value),
            };
        }
        set.extend(tables.into_iter().map(|(table, values)| (table.to_owned(), Value::from(values))));
        Ok(Map::from([(Profile::Default, set)]))
    }
}

fn set(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|text| !text.is_empty())
}

/// The value of a variable, or what stands in the file that it names.
fn value(variable: &str) -> Result<Option<String>, String> {
    let in_file = format!("{variable}{IN_FILE}");
    let Some(file) = set(&in_file).filter(|_| SECRETS.contains(&variable)) else { return Ok(set(variable)) };
    if set(variable).is_some() {
        return Err(format!("{variable} and {in_file} are both set: set one of them"));
    }
    let text = std::fs::read_to_string(&file)
        .map_err(|error| format!("{in_file} names {file}, which cannot be read: {error}"))?;
    // Editors end a file with a line's end, which is no part of a secret.
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(format!("{in_file} names {file}, which is empty: write the value into it"));
    }
    Ok(Some(text.to_owned()))
}

/// Variables that are set and ours by their name, and that nobody reads: one sentence each, with the name that was
/// probably meant.
pub fn unknown_variables() -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    unknown(names)
}

fn unknown(names: impl Iterator<Item = String>) -> Vec<String> {
    let known = || {
        let files = SECRETS.iter().map(|secret| format!("{secret}{IN_FILE}"));
        let plain = ENVIRONMENT.iter().map(|(variable, _)| *variable).chain(OTHERS.iter().copied());
        plain.map(str::to_owned).chain(files)
    };
    let begins = |name: &str, with: &[&str]| with.iter().any(|begin| name.starts_with(begin));
    let mut unknown: Vec<String> = names
        .filter(|name| begins(name, &OURS) && !begins(name, &OF_TESTS) && !known().any(|one| one == *name))
        .collect();
    unknown.sort();
    let told = |name: &String| {
        let nearest = known().min_by_key(|one| strsim::levenshtein(one, name)).unwrap_or_default();
        format!("the variable {name} is set and nobody reads it; did you mean {nearest}?")
    };
    unknown.iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::unknown;

    #[test]
    fn a_misspelt_variable_is_told_with_the_name_that_was_meant() {
        let told = |names: &[&str]| unknown(names.iter().map(|name| (*name).to_owned()));
        assert_eq!(
            told(&["WHATSAPP_APPSECRET", "PATH", "ACUERDO_FLOWDIR"]),
            [
                "the variable ACUERDO_FLOWDIR is set and nobody reads it; did you mean ACUERDO_FLOWS_DIR?",
                "the variable WHATSAPP_APPSECRET is set and nobody reads it; did you mean WHATSAPP_APP_SECRET?",
            ]
        );
        assert!(
            told(&["WHATSAPP_APP_SECRET", "REDIS_URL_FILE", "ACUERDO_CONFIG", "ACUERDO_TEST_REDIS", "HOME"])
                .is_empty()
        );
        assert!(told(&["WHATSAPP_WABA_ID_FILE"])[0].contains("WHATSAPP_WABA_ID"));
    }
}
