//! Ids of traces and their spans, derived from ids that are stored: every process comes to the same ones.

use crate::domain::ids::InboxId;
use std::fmt;
use uuid::Uuid;

/// The life of one message that came in: its id is the input's, so whoever has `input.id` has the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(pub Uuid);

impl TraceId {
    pub const fn of(input: InboxId) -> Self {
        Self(input.0)
    }

    /// Whether this is one of the followed, one in `one_in`; every process decides alike.
    ///
    /// Judged by the last 56 bits, as W3C's consistent sampling does: those of a UUID are random.
    pub fn is_followed(self, one_in: u32) -> bool {
        const RANDOM_BITS: u32 = 56;
        let random = self.0.as_u128() & ((1 << RANDOM_BITS) - 1);
        random < (1_u128 << RANDOM_BITS) / u128::from(one_in.max(1))
    }
}

/// As trace viewers write it: 32 hexadecimal digits.
impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// One stage of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(pub [u8; 8]);

impl SpanId {
    /// Of a stage by its name and what it worked on: same arguments, same id.
    pub fn derive(of: &Uuid, stage: &str) -> Self {
        let hashed = Uuid::new_v5(of, stage.as_bytes());
        let mut id = [0; 8];
        id.copy_from_slice(&hashed.as_bytes()[8..]);
        // The variant bits of a UUID lie here, so it is never all zeros, which would mean no span.
        Self(id)
    }
}

#[cfg(test)]
mod tests {
    use super::{SpanId, TraceId};
    use uuid::{Builder, Uuid};

    fn trace(random: u64) -> TraceId {
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&random.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        TraceId(Builder::from_unix_timestamp_millis(1_790_000_000_000, &bytes).into_uuid())
    }

    #[test]
    fn one_in_so_many_is_followed_and_a_rarer_choice_lies_within_a_commoner() {
        let followed = |one_in| (0..10_000).filter(|n| trace(*n).is_followed(one_in)).count();
        assert_eq!(followed(0), 10_000);
        assert_eq!(followed(1), 10_000);
        assert!((900..1_100).contains(&followed(10)), "{}", followed(10));
        for n in 0..10_000 {
            assert!(trace(n).is_followed(10) || !trace(n).is_followed(100));
        }
    }

    #[test]
    fn stages_have_ids_of_their_own_and_the_same_ones_everywhere() {
        let id = Uuid::from_u128(7);
        assert_eq!(SpanId::derive(&id, "turn"), SpanId::derive(&id, "turn"));
        assert_ne!(SpanId::derive(&id, "turn"), SpanId::derive(&id, "receive"));
        assert_ne!(SpanId::derive(&id, "turn"), SpanId::derive(&Uuid::from_u128(8), "turn"));
        assert_eq!(TraceId(id).to_string(), "00000000000000000000000000000007");
    }
}
