//! The faults, one scenario each.

use crate::Arguments;
use crate::graph_api::Script;
use std::time::Duration;

pub struct Scenario {
    pub name: &'static str,
    pub about: &'static str,
    pub fault: Fault,
    short: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Kill,
    CrashLoop,
    Terminate,
    PostgresRestart,
    PostgresReadOnly,
    PostgresConnections,
    RedisKill,
    RedisFlush,
    RedisSlow,
    GraphSlow,
    GraphFailing,
    GraphThrottling,
    GraphGarbage,
    GraphTimeout,
    Flows,
    Clock,
    PostgresFull,
    Upgrade,
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "postgres-restart",
        about: "PostgreSQL crashes and starts again, twice",
        fault: Fault::PostgresRestart,
        short: true,
    },
    Scenario {
        name: "postgres-read-only",
        about: "PostgreSQL accepts no writes, as a standby after a failover",
        fault: Fault::PostgresReadOnly,
        short: false,
    },
    Scenario {
        name: "postgres-connections",
        about: "PostgreSQL closes every connection and has no place for new ones",
        fault: Fault::PostgresConnections,
        short: false,
    },
    Scenario {
        name: "postgres-full",
        about: "PostgreSQL's disk is full",
        fault: Fault::PostgresFull,
        short: false,
    },
    Scenario {
        name: "redis-kill",
        about: "Redis is killed and comes back empty",
        fault: Fault::RedisKill,
        short: true,
    },
    Scenario { name: "redis-flush", about: "FLUSHALL, five times", fault: Fault::RedisFlush, short: false },
    Scenario { name: "redis-slow", about: "Redis answers nobody", fault: Fault::RedisSlow, short: false },
    Scenario {
        name: "graph-slow",
        about: "the Graph API takes 2 s for each message",
        fault: Fault::GraphSlow,
        short: false,
    },
    Scenario {
        name: "graph-failing",
        about: "the Graph API answers 500 and 503",
        fault: Fault::GraphFailing,
        short: true,
    },
    Scenario {
        name: "graph-throttling",
        about: "the Graph API throttles: 130429, 131056, and 429 without a code",
        fault: Fault::GraphThrottling,
        short: false,
    },
    Scenario {
        name: "graph-garbage",
        about: "the Graph API takes messages and answers garbage, halves, nothing, too much",
        fault: Fault::GraphGarbage,
        short: true,
    },
    Scenario {
        name: "graph-timeout",
        about: "the Graph API takes every third message and does not answer; a third of people get no statuses",
        fault: Fault::GraphTimeout,
        short: false,
    },
    Scenario {
        name: "flows",
        about: "the flow folder is broken while running and at a restart",
        fault: Fault::Flows,
        short: false,
    },
    Scenario {
        name: "terminate",
        about: "SIGTERM under load, one replica after the other",
        fault: Fault::Terminate,
        short: true,
    },
    Scenario {
        name: "clock",
        about: "one replica's clock jumps 5 minutes ahead, then 5 minutes back",
        fault: Fault::Clock,
        short: false,
    },
    Scenario {
        name: "upgrade",
        about: "migration and restart, one replica after the other, while people write",
        fault: Fault::Upgrade,
        short: false,
    },
    Scenario {
        name: "crash-loop",
        about: "kill -9 of both, five times, a moment after they are ready",
        fault: Fault::CrashLoop,
        short: true,
    },
    Scenario { name: "kill", about: "kill -9 of one of the two at random", fault: Fault::Kill, short: true },
];

impl Scenario {
    pub fn all(arguments: &Arguments) -> Vec<&'static Self> {
        let only = arguments.only.as_deref().unwrap_or("");
        let named = SCENARIOS.iter().any(|scenario| scenario.name == only);
        let wanted = |scenario: &&Self| {
            let asked = if named { scenario.name == only } else { scenario.name.contains(only) };
            asked && (scenario.short || !arguments.short)
        };
        SCENARIOS.iter().filter(wanted).filter(|scenario| scenario.possible(arguments)).collect()
    }
}

impl Scenario {
    /// Says what is missing when it cannot be played here.
    fn possible(&self, arguments: &Arguments) -> bool {
        let needs = [
            (
                Fault::PostgresFull,
                std::env::var_os("DISK_BYTES").is_some(),
                "a disk of its own, which needs root",
            ),
            (Fault::Clock, clock_library().is_some(), "libfaketime (Debian's package faketime)"),
            (Fault::Upgrade, arguments.old.is_some(), "a program of a previous version"),
        ];
        let Some((_, _, missing)) = needs.iter().find(|(fault, there, _)| *fault == self.fault && !there)
        else {
            return true;
        };
        crate::progress(&format!("{}: not played, for want of {missing}", self.name));
        false
    }

    pub const fn with_desk(&self) -> bool {
        matches!(self.fault, Fault::RedisKill | Fault::RedisFlush | Fault::RedisSlow)
    }
}

/// What gives a process a clock of its own.
pub fn clock_library() -> Option<String> {
    std::env::var("FAKETIME_LIBRARY").ok().filter(|library| !library.is_empty())
}

/// What the Graph API does to messages while this fault lasts.
pub fn scripts(fault: Fault) -> Vec<Script> {
    let answer =
        |http_status, body: &str| Script::Answer { http_status, headers: Vec::new(), body: body.to_owned() };
    let refuse = |http_status, code| Script::Refuse { http_status, code, details: "throttled" };
    match fault {
        Fault::GraphSlow => vec![Script::Slow(Duration::from_secs(2))],
        Fault::GraphFailing => vec![answer(500, ""), answer(503, "<html>unavailable</html>")],
        Fault::GraphThrottling => {
            vec![refuse(429, 130_429), refuse(400, 131_056), answer(429, ""), Script::Accept]
        }
        Fault::GraphGarbage => {
            vec![Script::Garbage, Script::NoWamid, Script::BreakOff, Script::Endless, Script::Accept]
        }
        Fault::GraphTimeout => vec![Script::Slow(Duration::from_secs(40)), Script::Accept, Script::Accept],
        Fault::Kill
        | Fault::CrashLoop
        | Fault::Terminate
        | Fault::PostgresRestart
        | Fault::PostgresReadOnly
        | Fault::PostgresConnections
        | Fault::RedisKill
        | Fault::RedisFlush
        | Fault::RedisSlow
        | Fault::Flows
        | Fault::Clock
        | Fault::PostgresFull
        | Fault::Upgrade => Vec::new(),
    }
}
