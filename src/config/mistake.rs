//! What is wrong with the settings, in words that show no value: one may be a secret.

/// A message without the lines that it quotes from the file, which may hold a secret: what stands beside `|`.
fn unquoted(message: &str) -> String {
    let quoted =
        |line: &str| line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').starts_with('|');
    let told: Vec<&str> = message.lines().filter(|line| !line.is_empty() && !quoted(line)).collect();
    told.join(": ")
}

/// What a programmer calls a type, in words of everybody.
fn plainly(expected: &str) -> String {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i32" | "i64" => "a whole number".to_owned(),
        "a nonzero u32" => "a whole number, 1 or more".to_owned(),
        "bool" | "a boolean" => "true or false".to_owned(),
        "string" | "a string" => "a text in quotes".to_owned(),
        other => other.to_owned(),
    }
}

/// Says what is wrong with which setting and where it came from, never its value.
pub(super) fn describe(error: figment::Error) -> String {
    error
        .into_iter()
        .map(|one| {
            let key = if one.path.is_empty() { "the settings".to_owned() } else { one.path.join(".") };
            let place = one.metadata.as_ref().map_or_else(String::new, |metadata| {
                metadata.source.as_ref().map_or_else(
                    || format!(" (from {})", metadata.name),
                    |source| format!(" (from {source})"),
                )
            });
            match one.kind {
                figment::error::Kind::UnknownField(field, expected) => {
                    let nearest = expected
                        .iter()
                        .min_by_key(|candidate| strsim::levenshtein(candidate, &field))
                        .map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
                    format!("unknown setting `{field}`{place}{nearest}")
                }
                figment::error::Kind::MissingField(field) => format!("setting `{field}` is missing{place}"),
                figment::error::Kind::InvalidType(_, expected)
                | figment::error::Kind::InvalidValue(_, expected) => {
                    format!("{key}{place}: expected {}", plainly(&expected.to_string()))
                }
                // The word may be a secret that was put into a wrong line.
                figment::error::Kind::UnknownVariant(_, known) => {
                    let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
                    format!("{key}{place}: expected {}", known.join(" or "))
                }
                figment::error::Kind::Message(message) => format!("{key}{place}: {}", unquoted(&message)),
                kind @ (figment::error::Kind::InvalidLength(..)
                | figment::error::Kind::DuplicateField(_)
                | figment::error::Kind::ISizeOutOfRange(_)
                | figment::error::Kind::USizeOutOfRange(_)
                | figment::error::Kind::Unsupported(_)
                | figment::error::Kind::UnsupportedKey(..)) => format!("{key}{place}: {kind}"),
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}
