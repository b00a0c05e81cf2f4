//! The documented settings are the ones that the program reads, with the defaults that it has.

use crate::harness::process::{PROGRAM, alone};
use acuerdo::config::Settings;
use secrecy::ExposeSecret;

const EXAMPLE: &str = include_str!("../../acuerdo.example.toml");
const README: &str = include_str!("../../README.md");
const ENV_EXAMPLE: &str = include_str!("../../.env.example");
const COMPOSE: &str = include_str!("../../compose.yaml");
const SOURCE: &str = include_str!("../../src/config.rs");
const TABLES: [&str; 2] =
    [include_str!("../../src/config/workers.rs"), include_str!("../../src/config/media.rs")];

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
    for line in SOURCE.lines().chain(TABLES.iter().flat_map(|table| table.lines())) {
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

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> (bool, String) {
    let output = alone(PROGRAM).args(arguments).envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert!(!text.contains("panicked"), "{text}");
    (output.status.success(), text)
}

const SECRET: &str = "secret-of-this-test";

#[test]
fn everything_that_is_missing_is_told_at_once() {
    for (command, set) in [("serve", None), ("doctor", None), ("serve", Some("WHATSAPP_VERIFY_TOKEN"))] {
        let variables: Vec<(&str, &str)> = set.iter().map(|name| (*name, SECRET)).collect();
        let (well, told) = run(&[command], &variables);
        assert!(!well);
        for variable in [
            "WHATSAPP_APP_SECRET",
            "WHATSAPP_VERIFY_TOKEN",
            "WHATSAPP_ACCESS_TOKEN",
            "WHATSAPP_PHONE_NUMBER_ID",
        ] {
            let is_told = told.contains(&format!("{variable} is not set"));
            assert_eq!(is_told, set != Some(variable), "{command}, {variable}: {told}");
        }
    }
}

#[test]
fn a_secret_comes_from_the_file_that_a_variable_names() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (short, empty) = (file("short", "hola123\n"), file("empty", "\n"));
    let nowhere = folder.path().join("nowhere").to_str().unwrap().to_owned();
    let in_file = "WHATSAPP_APP_SECRET_FILE";
    for (variables, said) in [
        (vec![(in_file, short.as_str())], "WHATSAPP_APP_SECRET has 7 signs"),
        (vec![(in_file, &empty)], "which is empty"),
        (vec![(in_file, &nowhere)], "cannot be read"),
        (vec![(in_file, &short), ("WHATSAPP_APP_SECRET", SECRET)], "are both set"),
    ] {
        let others = [
            ("WHATSAPP_VERIFY_TOKEN", SECRET),
            ("WHATSAPP_ACCESS_TOKEN", "t"),
            ("WHATSAPP_PHONE_NUMBER_ID", "1"),
        ];
        let all: Vec<_> = variables.into_iter().chain(others).collect();
        let (well, told) = run(&["serve"], &all);
        assert!(!well && told.contains(said), "{said}: {told}");
        assert!(!told.contains("hola123"), "{told}");
    }
    let url = file("url", &format!("sqlite:{}\n", folder.path().join("own.sqlite").display()));
    let (well, told) = run(&["migrate"], &[("DATABASE_URL_FILE", &url)]);
    assert!(well && folder.path().join("own.sqlite").exists(), "{told}");
}

#[test]
fn a_process_that_would_answer_nobody_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("deaf.toml");
    let url = format!("sqlite:{}", folder.path().join("deaf.sqlite").display());
    for line in [
        "inbox_batch = 0",
        "inbox_queue = 0",
        "turn_batch = 0",
        "send_batch = 0",
        "sends_per_second = 0",
        "connections = 0",
        "poll_ms = 0",
        "poll_ms = 3600000",
    ] {
        std::fs::write(&config, format!("[workers]\n{line}\n")).unwrap();
        let name = line.split(' ').next().unwrap();
        for command in [&["serve"][..], &["doctor"], &["stops", "list"]] {
            let variables = [
                ("ACUERDO_CONFIG", config.to_str().unwrap()),
                ("DATABASE_URL", &url),
                ("WHATSAPP_APP_SECRET", SECRET),
                ("WHATSAPP_VERIFY_TOKEN", SECRET),
                ("WHATSAPP_ACCESS_TOKEN", "t"),
                ("WHATSAPP_PHONE_NUMBER_ID", "1"),
            ];
            let (well, told) = run(command, &variables);
            assert!(!well && told.contains(&format!("workers.{name} is ")), "{command:?} {line}: {told}");
        }
    }
    let refused = |text: &str| Settings::from_toml(text).unwrap_err().to_string();
    assert!(refused("[workers]\nconnections = \"ten\"").contains("a whole number, 0 or more"));
    assert!(refused("log_format = \"xml\"").contains("expected `json` or `pretty`"));
}

#[test]
fn a_connection_that_fails_names_host_and_cause() {
    let (well, told) = run(&["stops", "list"], &[("DATABASE_URL", "postgres://ana:geheim@127.0.0.1:1/x")]);
    assert!(!well && told.contains("PostgreSQL at 127.0.0.1:1: ") && told.contains("refused"), "{told}");
    assert!(!told.contains("geheim"), "{told}");
    let (_, told) = run(&["stops", "list"], &[("DATABASE_URL", "postgres://ana:ge#heim@127.0.0.1/x")]);
    assert!(told.contains("percent-encoded") && !told.contains("heim@"), "{told}");
    let (well, told) = run(&["doctor"], &[("REDIS_URL", "redis://:geheim@127.0.0.1:1")]);
    assert!(!well && told.contains("Redis at 127.0.0.1:1: ") && told.contains("refused"), "{told}");
    assert!(!told.contains("geheim"), "{told}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let variables = [
        ("ACUERDO_BIND", address.as_str()),
        ("DATABASE_URL", "sqlite::memory:"),
        ("WHATSAPP_APP_SECRET", SECRET),
        ("WHATSAPP_VERIFY_TOKEN", SECRET),
        ("WHATSAPP_ACCESS_TOKEN", "t"),
        ("WHATSAPP_PHONE_NUMBER_ID", "1"),
    ];
    let (well, told) = run(&["serve"], &variables);
    assert!(!well && told.contains(&address) && told.contains("another program listens there"), "{told}");
}

#[test]
fn a_variable_that_nobody_reads_is_told() {
    let url = ("DATABASE_URL", "sqlite::memory:");
    for command in [&["doctor"][..], &["serve"], &["agent", "list"]] {
        let (_, told) = run(command, &[url, ("WHATSAPP_APPSECRET", SECRET)]);
        assert!(told.contains("did you mean WHATSAPP_APP_SECRET?"), "{command:?}: {told}");
        assert!(!told.contains(SECRET), "{told}");
    }
}
