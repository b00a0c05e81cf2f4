//! The documented settings are the ones that the program reads, with the defaults that it has.

use acuerdo::config::Settings;
use secrecy::ExposeSecret;

const EXAMPLE: &str = include_str!("../../acuerdo.example.toml");
const README: &str = include_str!("../../README.md");
const ENV_EXAMPLE: &str = include_str!("../../.env.example");
const COMPOSE: &str = include_str!("../../compose.yaml");
const SOURCE: &str = include_str!("../../src/config.rs");

/// The example with every commented setting switched on: `# name = …` and `# [[lender]]`.
fn everything_switched_on() -> String {
    EXAMPLE
        .lines()
        .map(|line| {
            let bare = line.trim_start_matches(['#', ' ']);
            let name = bare.split(" = ").next().unwrap_or("");
            let is_setting = bare.contains(" = ") && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            if is_setting || bare.starts_with("[[") { bare } else { line }
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// (variable, setting) pairs of the table in `src/config.rs`.
fn variables() -> Vec<(&'static str, &'static str)> {
    let (_, table) = SOURCE.split_once("const ENVIRONMENT").unwrap();
    let table = table.split("];").next().unwrap();
    let words: Vec<&str> = table.split('"').skip(1).step_by(2).collect();
    assert!(words.len() > 20, "the table of variables has another form");
    words.chunks(2).map(|pair| (pair[0], pair[1])).collect()
}

#[test]
fn the_example_says_what_the_defaults_are() {
    let example = Settings::from_toml(EXAMPLE).unwrap();
    let defaults = Settings::from_toml("").unwrap();

    assert_eq!(format!("{example:#?}"), format!("{defaults:#?}"));
    assert_eq!(example.database_url.expose_secret(), defaults.database_url.expose_secret());
}

#[test]
fn the_example_names_every_setting_and_no_other() {
    let all = Settings::from_toml(&everything_switched_on()).unwrap();
    let shown = format!("{all:#?}");

    assert!(!shown.contains("None"), "a setting has no line in acuerdo.example.toml:\n{shown}");
    assert_eq!(all.lender.len(), 1);
    for line in SOURCE.lines() {
        let Some((field, _)) = line.strip_prefix("    pub ").and_then(|rest| rest.split_once(": ")) else {
            continue;
        };
        if !field.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            continue;
        }
        // Parts of `LenderAccount` are made from settings of the same names; `lender` and `workers` are tables.
        let named = EXAMPLE.contains(&format!("{field} = ")) || EXAMPLE.contains(&format!("[{field}]"));
        assert!(named, "acuerdo.example.toml does not name `{}`", field);
    }
}

#[test]
fn every_variable_is_documented_beside_its_setting() {
    for (variable, setting) in variables() {
        let lines: Vec<&str> = EXAMPLE.lines().collect();
        // One of a table stands below the table's heading, without its name.
        let setting = setting.rsplit('.').next().unwrap();
        let at = lines
            .iter()
            .position(|line| line.trim_start_matches("# ").starts_with(&format!("{setting} = ")))
            .unwrap_or_else(|| panic!("acuerdo.example.toml has no `{setting}`"));
        assert!(lines[at - 1].contains(variable), "the line above `{setting}` does not name {variable}");
        assert!(README.contains(&format!("`{variable}`")), "README.md does not name {variable}");
    }
}

#[test]
fn compose_gives_only_variables_that_exist() {
    let known: Vec<&str> = variables().iter().map(|(variable, _)| *variable).collect();
    let given = COMPOSE
        .lines()
        .filter_map(|line| line.strip_prefix("    ")?.split_once(": "))
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("ACUERDO_") || name.starts_with("WHATSAPP_"));
    for name in given {
        assert!(known.contains(&name), "compose.yaml gives {name}, which the program does not read");
        assert!(ENV_EXAMPLE.contains(&format!("{name}=")), ".env.example does not name {name}");
    }
}
