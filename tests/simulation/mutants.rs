//! Bugs planted on purpose: the simulation is worth something only if it finds each of them.

/// Each is a small, plausible mistake in an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    AcknowledgesBeforeCommit,
    CommitIgnoresFencing,
    DoubtIsRetried,
    BeginIgnoresClaims,
    SilenceIsProof,
    OutboxForgetsUnique,
    GateTrustsEverybody,
    AssignIgnoresLease,
    StatusesFallBack,
    QueueLosesTickets,
}

impl Mutant {
    pub const ALL: [Self; 10] = [
        Self::AcknowledgesBeforeCommit,
        Self::CommitIgnoresFencing,
        Self::DoubtIsRetried,
        Self::BeginIgnoresClaims,
        Self::SilenceIsProof,
        Self::OutboxForgetsUnique,
        Self::GateTrustsEverybody,
        Self::AssignIgnoresLease,
        Self::StatusesFallBack,
        Self::QueueLosesTickets,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::AcknowledgesBeforeCommit => "acknowledges-before-commit",
            Self::CommitIgnoresFencing => "commit-ignores-fencing",
            Self::DoubtIsRetried => "doubt-is-retried",
            Self::BeginIgnoresClaims => "begin-ignores-claims",
            Self::SilenceIsProof => "silence-is-proof",
            Self::OutboxForgetsUnique => "outbox-forgets-unique",
            Self::GateTrustsEverybody => "gate-trusts-everybody",
            Self::AssignIgnoresLease => "assign-ignores-lease",
            Self::StatusesFallBack => "statuses-fall-back",
            Self::QueueLosesTickets => "queue-loses-tickets",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mutant| mutant.name() == name)
    }
}
