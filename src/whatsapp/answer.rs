//! Reads the Graph API's answers; pure.

use crate::domain::identity::{Bsuid, WaId};
use crate::domain::ids::Wamid;
use crate::domain::pii::Pii;
use crate::domain::reaction::Reaction;
use crate::domain::time::Millis;
use crate::ports::message_sender::{Accepted, SendFailure};
use crate::whatsapp::errors;
use serde::Deserialize;
use serde_json::Value;

/// An HTTP answer, whatever it says.
#[derive(Debug)]
pub struct Answer {
    pub http_status: u16,
    pub retry_after: Option<Millis>,
    /// Absent when it broke off or was too large.
    pub body: Option<Vec<u8>>,
}

#[derive(Deserialize)]
struct SendAnswer {
    #[serde(default)]
    contacts: Vec<ContactAnswer>,
    #[serde(default)]
    messages: Vec<MessageAnswer>,
}

#[derive(Deserialize)]
struct ContactAnswer {
    wa_id: Option<String>,
    user_id: Option<String>,
}

#[derive(Deserialize)]
struct MessageAnswer {
    id: Option<String>,
    message_status: Option<String>,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    error: MetaError,
}

#[derive(Deserialize)]
struct MetaError {
    code: i64,
    message: Option<String>,
    error_data: Option<ErrorData>,
    fbtrace_id: Option<String>,
}

#[derive(Deserialize)]
struct ErrorData {
    details: Option<String>,
}

/// The answer to a send. 200 without a message id is in doubt: something took the request.
pub fn accepted(answer: &Answer) -> Result<Accepted, SendFailure> {
    let body = success(answer)?;
    let doubt = || SendFailure::InDoubt { why: "the Graph API answered 200 without a message id".to_owned() };
    let sent: SendAnswer = serde_json::from_slice(body).map_err(|_| doubt())?;
    let message = sent.messages.into_iter().next().ok_or_else(doubt)?;
    let wamid = message.id.filter(|id| !id.is_empty()).ok_or_else(doubt)?;
    let contact = sent.contacts.into_iter().next();
    let (wa_id, user_id) = contact.map_or((None, None), |contact| (contact.wa_id, contact.user_id));
    Ok(Accepted {
        wamid: Wamid(wamid),
        wa_id: wa_id.as_deref().and_then(WaId::parse),
        user_id: user_id.as_deref().and_then(Bsuid::parse),
        message_status: message.message_status,
    })
}

/// An answer that is a JSON object and no error.
pub fn object(answer: &Answer) -> Result<Value, SendFailure> {
    let body = success(answer)?;
    serde_json::from_slice(body).ok().filter(Value::is_object).ok_or_else(|| SendFailure::InDoubt {
        why: "the Graph API answered 200 with something that is not its JSON".to_owned(),
    })
}

/// The body of a 2xx answer that holds no `error`.
fn success(answer: &Answer) -> Result<&[u8], SendFailure> {
    let body = answer.body.as_deref();
    let error = body.and_then(|body| serde_json::from_slice::<ErrorAnswer>(body).ok());
    match (answer.http_status, body, error) {
        (_, _, Some(answered)) => Err(rejected(answer, answered.error)),
        (200..=299, Some(body), None) => Ok(body),
        (200..=299, None, None) => {
            Err(SendFailure::InDoubt { why: "the answer broke off or was too large".to_owned() })
        }
        // A gateway speaks for a server that may well have taken the message.
        (502 | 504, _, None) => {
            Err(SendFailure::InDoubt { why: format!("a gateway answered {}", answer.http_status) })
        }
        (http_status, _, None) => Err(SendFailure::Rejected {
            reaction: obey(errors::by_status(http_status), answer.retry_after),
            code: None,
            http_status,
            fbtrace_id: None,
            details: None,
        }),
    }
}

fn rejected(answer: &Answer, error: MetaError) -> SendFailure {
    let details = error.error_data.and_then(|data| data.details).or(error.message);
    SendFailure::Rejected {
        reaction: obey(errors::reaction(Some(answer.http_status), error.code), answer.retry_after),
        code: Some(error.code),
        http_status: answer.http_status,
        fbtrace_id: error.fbtrace_id,
        details: details.map(Pii::new),
    }
}

/// A longer wait that the server asks for wins.
fn obey(reaction: Reaction, retry_after: Option<Millis>) -> Reaction {
    match (reaction, retry_after) {
        (Reaction::BackOffGlobal { wait }, Some(asked)) => Reaction::BackOffGlobal { wait: wait.max(asked) },
        (reaction, _) => reaction,
    }
}
