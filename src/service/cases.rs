//! Cases that people opened: what waits for a decision and until when, and closing it.

use crate::domain::ids::{CaseId, LenderId};
use crate::domain::pii::Pii;
use crate::domain::time::{Day, Timestamp};
use crate::ports::cases::{CaseStore, CasesOf, Closing, OpenCase};
use crate::ports::records::Case;
use crate::ports::tickets::Ticket;
use crate::ports::{Store, StoreError};
use crate::rules::data_rights::{self, AnswerBy, DataRight};
use crate::service::lenders::{Lender, Lenders};

/// Open cases that are looked at together; more are only counted by the next look.
const CASES_MAX: u32 = 10_000;
/// Open tickets that are looked through for one of a case.
const TICKETS_MAX: u32 = 10_000;
/// Outcomes of tickets that decide the cases which came with them begin with this: `caso_resuelto`, `caso_negado`.
const DECIDES: &str = "caso_";
/// The reason of tickets, and the kind of cases, of somebody who may be in danger.
const DISTRESS: &str = "angustia";
/// Outcomes that say that what was reported is not so, as the shipped `bot.yaml` lifts reservations by them.
const WITHDRAWN: [&str; 3] = ["no_fallecido", "es_titular", "no_insolvencia"];

/// The kind of the case of whoever wants to take an agreement back.
pub const WITHDRAWAL: &str = "retiro_acuerdo";

/// A case that waits for its decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub case: Case,
    /// What the person was told to ask with.
    pub number: String,
    /// The lender's own reference of the person, when it is known who it is.
    pub reference: Option<String>,
    /// Where the law sets a last day for the answer.
    pub answer_by: Option<AnswerBy>,
    /// Today where the lender is.
    pub today: Day,
}

impl Waiting {
    /// Days until the last day for the answer; negative when it has passed.
    pub fn days_left(&self) -> Option<i64> {
        self.answer_by.as_ref().map(|by| by.day.days_since(self.today))
    }
}

/// Everything that waits, oldest first: of one lender, or of all whom this deployment serves.
///
/// # Errors
/// When the store fails.
pub async fn waiting(
    store: &dyn CaseStore,
    lenders: &Lenders,
    lender: Option<&LenderId>,
    now: Timestamp,
) -> Result<Vec<Waiting>, StoreError> {
    let of = CasesOf { lender: lender.cloned(), conversation: None };
    let open = store.open_cases(&of, CASES_MAX).await?;
    Ok(open.into_iter().filter_map(|open| told(open, lenders, now)).collect())
}

/// The open protected ticket of the chat that a case came from: somebody in it may be in danger and waits for a person.
/// `None` for requests about one's own data, which are answered by their case.
///
/// # Errors
/// When the store fails.
pub async fn protecting(store: &dyn Store, waiting: &Waiting) -> Result<Option<Ticket>, StoreError> {
    if DataRight::of_case(&waiting.case.kind).is_some() {
        return Ok(None);
    }
    for ticket in store.tickets(&waiting.case.lender, None, true, TICKETS_MAX).await? {
        if !ticket.is_protected() {
            continue;
        }
        let lender = Some(waiting.case.lender.clone());
        let of = CasesOf { lender, conversation: Some(ticket.conversation) };
        if store.open_cases(&of, CASES_MAX).await?.iter().any(|open| open.case.id == waiting.case.id) {
            return Ok(Some(ticket));
        }
    }
    Ok(None)
}

fn told(OpenCase { case, reference }: OpenCase, lenders: &Lenders, now: Timestamp) -> Option<Waiting> {
    let lender = lenders.get(&case.lender)?;
    let answer_by = answer_by(&case, lender);
    Some(Waiting { number: number(case.id), reference, answer_by, today: lender.today(now), case })
}

/// Counted from the day on which the case was opened. A wish to withdraw has the term of the lender's own policy.
pub fn answer_by(case: &Case, lender: &Lender) -> Option<AnswerBy> {
    let asked = lender.policy.zone.day(case.at);
    if case.kind == WITHDRAWAL {
        let days = lender.policy.agents.withdrawal_days;
        let day = data_rights::working_days_after(asked, days, &lender.calendar);
        return Some(AnswerBy { day, source: "plazo de la política", known: true });
    }
    data_rights::answer_by(&lender.policy.country, &case.kind, asked, &lender.calendar)
}

/// Six characters that can be read out, of the end of the id: its beginning is the chat's time.
pub fn number(id: CaseId) -> String {
    const LETTERS: &[u8; 24] = b"23456789BCDFGHJKMNPQRSTV";
    let bytes = id.0.as_bytes();
    let code: String =
        bytes[10..].iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect();
    format!("{}-{}", &code[..3], &code[3..])
}

/// Closes the cases that came with a ticket, when its outcome decides them; says how many. Distress has nothing to be
/// decided: whoever answered it has taken care of it, whatever the outcome.
///
/// # Errors
/// When the store fails: what is open then stays so, and an operator closes it.
pub async fn decided(
    store: &dyn CaseStore,
    ticket: &Ticket,
    outcome: &str,
    note: Option<&str>,
    by: String,
    now: Timestamp,
) -> Result<u32, StoreError> {
    let cared = ticket.reason == DISTRESS;
    if !cared && !outcome.starts_with(DECIDES) && !WITHDRAWN.contains(&outcome) {
        return Ok(0);
    }
    let of = CasesOf { lender: Some(ticket.lender.clone()), conversation: Some(ticket.conversation) };
    let note = note.map(|note| Pii::new(note.to_owned()));
    let closing = Closing { outcome: outcome.to_owned(), note, by, at: now, corrects: None };
    let mut n = 0;
    for open in store.open_cases(&of, CASES_MAX).await? {
        if came_with(&open.case.kind, &ticket.reason) {
            n += u32::from(store.close_case(&ticket.lender, open.case.id, &closing).await?);
        }
    }
    Ok(n)
}

/// Whether a ticket of this reason was opened with a case of this kind.
fn came_with(kind: &str, reason: &str) -> bool {
    kind == reason || (reason == "datos" && DataRight::of_case(kind).is_some())
}
