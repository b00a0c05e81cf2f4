//! Sessions as they are stored, and the commit that a turn begins with.

use crate::domain::ids::PersonId;
use crate::domain::json_text::JsonText;
use crate::domain::time::Timestamp;
use crate::flow::state::{SESSION_VERSION, Session};
use crate::ports::conversations::{Claim, TurnCommit};
use crate::service::converse::TurnError;

pub(super) fn write_session(session: &Session) -> Result<JsonText, TurnError> {
    JsonText::of(session).map_err(|error| TurnError::Unwritable(error.to_string()))
}

/// The stored session of a chat that is linked to this person.
pub(super) fn read_session(
    stored: Option<&JsonText>,
    linked: Option<PersonId>,
) -> Result<Option<Session>, TurnError> {
    let Some(stored) = stored else { return Ok(None) };
    let mut session: Session = stored.parse().map_err(|fault| TurnError::Session(fault.to_string()))?;
    if session.v > SESSION_VERSION {
        return Err(TurnError::Session(format!(
            "it was written by a newer program (version {}, this one reads up to {SESSION_VERSION})",
            session.v
        )));
    }
    session.v = SESSION_VERSION;
    // Programs before this one did not write whose the session is.
    if session.subject.is_none() && !stored.as_str().contains("\"subject\":null") {
        session.subject = linked;
    }
    Ok(Some(session))
}

pub(super) fn empty_commit(claim: &Claim, session: &Session, now: Timestamp) -> TurnCommit {
    TurnCommit {
        conversation: claim.conversation.id,
        token: claim.token,
        expected_version: claim.conversation.version,
        now,
        consumed: Vec::new(),
        withheld: Vec::new(),
        events: Vec::new(),
        session: JsonText::stored("null".to_owned()),
        flow_hash: session.flow_hash.to_string(),
        assurance: session.assurance,
        person: claim.conversation.person,
        outbox: Vec::new(),
        timers: None,
        records: Vec::new(),
        release: true,
        trace: None,
    }
}
