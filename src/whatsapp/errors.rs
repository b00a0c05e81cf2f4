//! Meta's error codes and what each asks of us.
//!
//! Source: Meta, “Cloud API, error codes” (December 2025), with the additions of 2026. A code appears in the answer
//! of a send, in `statuses[].errors`, `messages[].errors` and `value.errors`; titles are unstable, so only the code
//! decides. Every row of the table stands in `fixtures/graph/errors.tsv`.

use crate::domain::reaction::Reaction;
use crate::domain::time::Millis;

/// Attempts after which a failure that Meta calls unknown counts as final.
const RETRIES: u8 = 3;

/// The rate of the number, which pacing finds by itself; only a wait that is asked for is kept.
const RATE: Reaction = Reaction::BackOffGlobal { wait: Millis(0) };
const OUTAGE: Reaction = Reaction::BackOffGlobal { wait: Millis::seconds(5) };
const MINUTES: Reaction = Reaction::BackOffGlobal { wait: Millis::minutes(5) };

/// What to do about `code`. `http_status` is absent when the code came by webhook.
///
/// HTTP 429 means throttled and 5xx means transient whatever the code, unless the code says to stop or to wait
/// longer. A code that is not in the table is never repeated, but for those two.
pub fn reaction(http_status: Option<u16>, code: i64) -> Reaction {
    let by_code = by_code(code);
    match (http_status, by_code) {
        (Some(429), Some(Reaction::NeverRetry | Reaction::Retry { .. }) | None) => RATE,
        (Some(500..=599), Some(Reaction::NeverRetry)) => Reaction::Retry { max: RETRIES },
        (_, Some(known)) => known,
        (status, None) => by_status(status.unwrap_or(400)),
    }
}

/// What to do about an answer without any code of Meta's.
pub fn by_status(http_status: u16) -> Reaction {
    match http_status {
        429 => RATE,
        500..=599 => OUTAGE,
        408 => Reaction::Retry { max: RETRIES },
        // A redirect does not come from the Graph API: the address in the settings is wrong.
        300..=399 | 401 | 403 => Reaction::StopAll,
        _ => Reaction::NeverRetry,
    }
}

/// What a `failed` status with these codes asks for: the gravest of their reactions.
///
/// Without any code nothing is known, so nothing is repeated.
pub fn of_status(codes: &[i64]) -> Reaction {
    let reactions = codes.iter().map(|code| reaction(None, *code));
    reactions.max_by_key(|reaction| gravity(*reaction)).unwrap_or(Reaction::NeverRetry)
}

/// What concerns everybody comes before what concerns one person, and that before what concerns one message.
const fn gravity(reaction: Reaction) -> u8 {
    match reaction {
        Reaction::StopAll => 12,
        Reaction::HoldNumber => 11,
        Reaction::ReverifyIdentity => 10,
        Reaction::OptedOut => 9,
        Reaction::HoldTemplate => 8,
        Reaction::DeadRecipient => 7,
        Reaction::WaitLong => 6,
        Reaction::UseTemplate => 5,
        Reaction::AskAgain => 4,
        Reaction::NeverRetry => 3,
        Reaction::BackOffGlobal { .. } => 2,
        Reaction::BackOffPair => 1,
        Reaction::Retry { .. } => 0,
    }
}

fn by_code(code: i64) -> Option<Reaction> {
    Some(match code {
        // Token, permission, account, payment, registration.
        0 | 3 | 10 | 33 | 190 | 200..=299 | 368 => Reaction::StopAll,
        131_005 | 131_031 | 131_037 | 131_042 | 131_044 | 131_045 => Reaction::StopAll,
        133_005 | 133_006 | 133_008..=133_010 | 133_015 | 133_016 => Reaction::StopAll,
        // Throttled, or the service is down.
        130_429 => RATE,
        2 | 131_016 | 133_000 | 133_004 => OUTAGE,
        4 | 80_007 | 131_057 => MINUTES,
        134_101 => Reaction::BackOffGlobal { wait: Millis::minutes(10) },
        131_056 => Reaction::BackOffPair,
        1 | 131_000 | 139_103 => Reaction::Retry { max: RETRIES },
        // Our media could not be fetched; a second attempt often succeeds.
        131_053 => Reaction::Retry { max: 1 },
        // This person.
        131_047 => Reaction::UseTemplate,
        131_050 => Reaction::OptedOut,
        131_049 => Reaction::WaitLong,
        130_472 | 130_497 | 131_026 => Reaction::DeadRecipient,
        137_000 => Reaction::ReverifyIdentity,
        131_035 | 131_036 | 131_052 | 131_060 => Reaction::AskAgain,
        // This template or number.
        132_001 | 132_007 | 132_015 | 132_016 | 132_068 | 132_069 => Reaction::HoldTemplate,
        131_048 | 131_064 => Reaction::HoldNumber,
        // Our data or code.
        100 | 131_008 | 131_009 | 131_021 | 131_030 | 131_051 | 131_055 | 131_059 | 131_062 | 131_063 => {
            Reaction::NeverRetry
        }
        132_000 | 132_005 | 132_008 | 132_012 | 132_018 => Reaction::NeverRetry,
        134_011 | 134_100 | 134_102 | 135_000 => Reaction::NeverRetry,
        138_000..=138_999 | 139_000..=139_004 | 139_100..=139_102 | 147_001..=147_004 => Reaction::NeverRetry,
        2_388_001..=2_388_299 | 2_494_100 | 2_593_107 | 2_593_108 => Reaction::NeverRetry,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{by_status, of_status, reaction};
    use crate::domain::reaction::Reaction;

    #[test]
    fn every_code_of_metas_table_has_its_reaction() {
        let table = include_str!("../../fixtures/graph/errors.tsv");
        let mut wrong = Vec::new();
        let mut rows = 0;
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let [code, http, expected, meaning] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("`{line}` has not four columns")
            };
            let actual = reaction(http.parse().ok(), code.parse().unwrap());
            let actual = if let Reaction::Retry { max } = actual {
                format!("retry {max}")
            } else if let Reaction::BackOffGlobal { wait } = actual {
                format!("back_off_global {} s", wait.0 / 1_000)
            } else {
                actual.name().to_owned()
            };
            if actual != expected {
                wrong.push(format!("{code} ({http}, {meaning}): {actual} instead of {expected}"));
            }
            rows += 1;
        }
        assert!(rows > 100, "{rows} rows");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_throttled_or_broken_answer_outweighs_a_code_that_says_never() {
        assert!(matches!(reaction(Some(429), 100), Reaction::BackOffGlobal { .. }));
        assert_eq!(reaction(Some(503), 100), Reaction::Retry { max: 3 });
        assert_eq!(reaction(Some(400), 100), Reaction::NeverRetry);
        // But never a stop, nor a person's opt-out.
        assert_eq!(reaction(Some(500), 190), Reaction::StopAll);
        assert_eq!(reaction(Some(429), 131_050), Reaction::OptedOut);
        assert_eq!(reaction(Some(429), 131_056), Reaction::BackOffPair);
    }

    #[test]
    fn of_several_codes_of_a_status_the_gravest_counts() {
        assert_eq!(of_status(&[131_047]), Reaction::UseTemplate);
        assert_eq!(of_status(&[131_000, 131_050, 131_047]), Reaction::OptedOut);
        assert_eq!(of_status(&[131_026, 131_042]), Reaction::StopAll);
        assert_eq!(of_status(&[]), Reaction::NeverRetry);
    }

    #[test]
    fn without_a_code_the_status_decides() {
        assert_eq!(by_status(401), Reaction::StopAll);
        assert_eq!(by_status(302), Reaction::StopAll);
        assert_eq!(by_status(404), Reaction::NeverRetry);
        assert!(by_status(503).may_repeat() && by_status(429).may_repeat() && by_status(408).may_repeat());
    }
}
