//! What an agent sees of a ticket: the case, the chat's state and the person, with the document and phones masked.

use super::flows::{level_of, reserved_for, suspected};
use super::say::is_quiet;
use super::story::CursorError;
use super::take::{SCAN_MAX, is_free, served};
use super::{HandoffError, HandoffService};
use crate::domain::assurance::{Assurance, Label};
use crate::domain::debt::{AgreementKind, Obligation, ObligationStatus, Person};
use crate::domain::ids::{AgreementId, TicketId};
use crate::domain::money::Money;
use crate::domain::pii::Pii;
use crate::domain::time::{Day, Timestamp};
use crate::ports::agents::Agent;
use crate::ports::cases::{CasesOf, OpenCase};
use crate::ports::conversations::Conversation;
use crate::ports::handoff_queue::QueueDepth;
use crate::ports::people::PersonFile;
use crate::ports::records::Case;
use crate::ports::tickets::{Shown, Ticket, TicketPage, TicketPlace, TicketStatus};
use crate::rules::service_window::{ServiceWindow, service_window};
use crate::service::actions::values::masked_number;
use crate::service::converse::summary::{self, Known};
use std::fmt;
use std::str::FromStr;

pub const LIST_MAX: u32 = 200;
/// Open cases of one chat that are shown.
const CASES_MAX: u32 = 50;
/// Digits of a phone that stay readable, at its end.
const SHOWN_DIGITS: usize = 4;
/// Characters of a document that stay readable, at its beginning.
const DOCUMENT_CHARS_SHOWN: usize = 3;
/// Characters at a document's end that the identity question asks for.
const ASKED_CHARS: usize = 4;

#[derive(Debug, Clone)]
pub struct TicketView {
    pub ticket: Ticket,
    /// 1 = next; `None` when it does not wait or the live queue is down.
    pub position: Option<u64>,
    pub chat: ChatView,
    pub person: Option<PersonView>,
}

#[derive(Debug, Clone)]
pub struct ChatView {
    pub profile_name: Option<Pii<String>>,
    pub assurance: Assurance,
    /// Debt may be talked about: the person proved who they are, and nothing graver is the matter.
    pub debt_allowed: bool,
    /// What the chat is reserved for until a person decides: nobody can be proved there.
    pub reserved: Option<String>,
    pub identity_conflict: bool,
    /// What the person's words only may mean, or that somebody else may write: names of intents, to ask about.
    pub suspected: Vec<String>,
    pub opted_out: bool,
    pub last_inbound_at: Option<Timestamp>,
    /// Free text is possible until then; `None` when only templates are.
    pub window_until: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub struct PersonView {
    pub full_name: Pii<String>,
    pub first_name: Pii<String>,
    pub external_ref: String,
    /// `CC 103••••`
    pub document_masked: String,
    /// Whether the file has a birth date; without one the chat cannot prove who writes, and an agent must.
    pub birth_date_on_file: bool,
    pub phones_masked: Vec<String>,
    pub language: String,
    pub debts: Vec<DebtView>,
    pub agreements: Vec<AgreementView>,
    /// Kinds of open cases: `dispute`, `fraud` …
    pub open_cases: Vec<String>,
    /// Payments that the person says were made and nobody has checked.
    pub n_payment_claims: usize,
}

#[derive(Debug, Clone)]
pub struct DebtView {
    pub product_name: String,
    pub external_ref_masked: String,
    pub status: ObligationStatus,
    /// What is overdue; `None` when its parts do not add up in one currency.
    pub due: Option<Money>,
    /// What the whole debt comes to; `None` when the debt file does not say it.
    pub payoff: Option<Money>,
    /// Day and amount of the next regular instalment.
    pub next: Option<(Day, Money)>,
    pub as_of: Timestamp,
    pub oldest_unpaid_due: Option<Day>,
}

#[derive(Debug, Clone)]
pub struct AgreementView {
    pub id: AgreementId,
    pub reference: String,
    pub kind: AgreementKind,
    pub total: Money,
    pub n_payments: usize,
    pub accepted_at: Timestamp,
}

/// Which tickets a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketFilter {
    /// Waiting or with an agent.
    Open,
    Queued,
    Assigned,
    /// Those that this agent holds.
    Mine,
    Closed,
}

impl TicketFilter {
    pub const ALL: [Self; 5] = [Self::Open, Self::Queued, Self::Assigned, Self::Mine, Self::Closed];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Queued => "queued",
            Self::Assigned => "assigned",
            Self::Mine => "mine",
            Self::Closed => "closed",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|filter| filter.name() == name)
    }

    const fn shown(self) -> Shown {
        match self {
            Self::Open => Shown::Open,
            Self::Queued => Shown::Queued,
            Self::Assigned => Shown::Assigned,
            Self::Mine => Shown::Mine,
            Self::Closed => Shown::Closed,
        }
    }
}

/// Whether the ticket was given to this agent last and is open.
fn is_mine(ticket: &Ticket, agent: &Agent) -> bool {
    matches!(ticket.status, TicketStatus::Assigned { agent: holder, .. } if holder == agent.id)
}

/// A page of a list, and where the next one begins, if there is more.
#[derive(Debug, Clone)]
pub struct TicketList {
    pub tickets: Vec<Ticket>,
    pub next: Option<TicketCursor>,
}

/// The rank of the lowest priority.
const RANK_MAX: i64 = 3;
/// The largest number of 18 digits, milliseconds.
const AT_MAX: i64 = 999_999_999_999_999_999;

/// Where a page begins: behind this ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketCursor(pub TicketPlace);

impl fmt::Display for TicketCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TicketPlace { rank, at, id } = self.0;
        write!(f, "{rank}.{}.{id}", at.0)
    }
}

impl FromStr for TicketCursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let parts: Vec<&str> = text.split('.').collect();
        let [rank, at, id] = parts.as_slice() else { return Err(CursorError) };
        let number = |text: &str, most: i64| {
            text.parse().ok().filter(|number| (0..=most).contains(number)).ok_or(CursorError)
        };
        let id = id.parse().map_err(|_| CursorError)?;
        let place = TicketPlace { rank: number(rank, RANK_MAX)?, at: Timestamp(number(at, AT_MAX)?), id };
        // No other way to write it: signs, zeros, capital letters.
        let cursor = Self(place);
        if cursor.to_string() == text { Ok(cursor) } else { Err(CursorError) }
    }
}

impl HandoffService {
    /// The agent's tickets: of the queues it serves, and those that it holds, a page after the other.
    pub async fn list(
        &self,
        agent: &Agent,
        queue: Option<&str>,
        filter: TicketFilter,
        (after, limit): (Option<TicketCursor>, u32),
    ) -> Result<TicketList, HandoffError> {
        if let Some(queue) = queue {
            served(agent, &[queue.to_owned()])?;
        }
        let limit = limit.clamp(1, LIST_MAX);
        let page = TicketPage {
            agent: agent.id,
            served: agent.queues.clone(),
            queue: queue.map(ToOwned::to_owned),
            shown: filter.shown(),
            after: after.map(|cursor| cursor.0),
            // One more tells whether there is more.
            limit: limit + 1,
        };
        let mut tickets = self.ports.tickets.ticket_page(&agent.lender, &page).await?;
        let more = tickets.len() > limit as usize;
        tickets.truncate(limit as usize);
        let next = tickets.last().filter(|_| more).map(|last| TicketCursor(TicketPlace::of(last)));
        Ok(TicketList { tickets, next })
    }

    /// One ticket with all that the agent needs to go on; whoever serves its queue or holds it may look.
    pub async fn view(&self, agent: &Agent, id: TicketId) -> Result<TicketView, HandoffError> {
        let ticket = self.visible(agent, id).await?;
        let conversation = self.conversation_of(&ticket).await?;
        let file = match conversation.person {
            Some(person) => self.ports.people.person_file(&agent.lender, person).await?,
            None => None,
        };
        let position = self.ports.queue.position(&agent.lender, id).await.unwrap_or_else(|error| {
            tracing::warn!(error = %error, "a ticket is shown without its position");
            None
        });
        let window_until = match service_window(conversation.last_inbound_at, self.now()) {
            ServiceWindow::Open { until } => Some(until),
            ServiceWindow::Closed => None,
        };
        let level = level_of(&conversation);
        let open = self.cases_of(&ticket, file.as_ref().filter(|_| level >= Assurance::Verificada)).await?;
        let ticket = self.refreshed(ticket, (&conversation, level), file.as_ref(), &open);
        let chat = ChatView {
            debt_allowed: level >= Label::Deuda.needs() && !is_quiet(&conversation),
            reserved: reserved_for(&conversation),
            suspected: suspected(&conversation),
            profile_name: conversation.profile_name,
            assurance: conversation.assurance,
            identity_conflict: conversation.identity_conflict,
            opted_out: conversation.opted_out,
            last_inbound_at: conversation.last_inbound_at,
            window_until,
        };
        Ok(TicketView { ticket, position, chat, person: file.map(PersonView::of) })
    }

    /// With what is known of the person since, once they were proved.
    fn refreshed(
        &self,
        ticket: Ticket,
        (conversation, level): (&Conversation, Assurance),
        file: Option<&PersonFile>,
        open: &[Case],
    ) -> Ticket {
        let Some(lender) = self.lenders.get(&conversation.lender) else { return ticket };
        if ticket.status == TicketStatus::Closed {
            return ticket;
        }
        let mut summary = ticket.summary;
        if let Some(file) = file.filter(|_| level >= Assurance::Verificada) {
            let known = Known {
                assurance: level,
                person: Some(&file.person),
                file: Some(file),
                claims: &file.claims,
                cases: open,
            };
            summary = summary::refreshed(summary, lender, &known, self.now());
        } else if summary.is_object() {
            summary["cases"] = summary::cases(open, lender);
        }
        Ticket { summary, ..ticket }
    }

    /// Open cases that came from the chat of a ticket, whoever writes there, and those of the person who was proved.
    async fn cases_of(&self, ticket: &Ticket, file: Option<&PersonFile>) -> Result<Vec<Case>, HandoffError> {
        let of = CasesOf { lender: Some(ticket.lender.clone()), conversation: Some(ticket.conversation) };
        let mut open: Vec<Case> = file.map_or_else(Vec::new, |file| file.open_cases.clone());
        for OpenCase { case, .. } in self.ports.cases.open_cases(&of, CASES_MAX).await? {
            if !open.iter().any(|known| known.id == case.id) {
                open.push(case);
            }
        }
        Ok(open)
    }

    pub(super) async fn visible(&self, agent: &Agent, id: TicketId) -> Result<Ticket, HandoffError> {
        let ticket = self.known(agent, id).await?;
        if !is_mine(&ticket, agent) {
            served(agent, std::slice::from_ref(&ticket.queue))?;
        }
        Ok(ticket)
    }

    /// Waiting and held tickets by queue; from the database when the live queue is down.
    pub async fn depths(&self, agent: &Agent) -> Result<Vec<QueueDepth>, HandoffError> {
        let mut depths = match self.ports.queue.depths(&agent.lender, self.now()).await {
            Ok(depths) => depths,
            Err(error) => {
                tracing::warn!(error = %error, "queues are counted from the database alone");
                self.stored_depths(agent).await?
            }
        };
        // Queues of this agent that are empty now are part of the picture.
        for queue in &agent.queues {
            if !depths.iter().any(|depth| depth.queue == *queue) {
                depths.push(empty_queue(queue));
            }
        }
        depths.retain(|depth| agent.queues.is_empty() || agent.queues.contains(&depth.queue));
        depths.sort_by(|a, b| a.queue.cmp(&b.queue));
        Ok(depths)
    }

    async fn stored_depths(&self, agent: &Agent) -> Result<Vec<QueueDepth>, HandoffError> {
        let open = self.ports.tickets.tickets(&agent.lender, None, true, SCAN_MAX).await?;
        let mut depths: Vec<QueueDepth> = Vec::new();
        for ticket in &open {
            let index = depths.iter().position(|depth| depth.queue == ticket.queue).unwrap_or_else(|| {
                depths.push(empty_queue(&ticket.queue));
                depths.len() - 1
            });
            let Some(depth) = depths.get_mut(index) else { continue };
            if is_free(&ticket.status, self.now()) {
                depth.waiting += 1;
                let since = depth.oldest_waiting_since.unwrap_or(ticket.waiting_since);
                depth.oldest_waiting_since = Some(since.min(ticket.waiting_since));
            } else {
                depth.held += 1;
            }
        }
        Ok(depths)
    }
}

fn empty_queue(queue: &str) -> QueueDepth {
    QueueDepth { queue: queue.to_owned(), waiting: 0, held: 0, oldest_waiting_since: None }
}

impl PersonView {
    fn of(file: PersonFile) -> Self {
        let birth_date_on_file = file.person.birth_date.is_some();
        let Person { full_name, first_name, external_ref, document_type, document, phones, language, .. } =
            file.person;
        Self {
            full_name,
            first_name,
            external_ref,
            document_masked: format!("{document_type} {}", masked_document(document.expose())),
            phones_masked: phones.iter().map(|phone| masked_phone(phone.expose())).collect(),
            birth_date_on_file,

            language,
            debts: file.obligations.iter().map(DebtView::of).collect(),
            agreements: file
                .agreements
                .into_iter()
                .map(|agreement| AgreementView {
                    id: agreement.id,
                    reference: agreement.reference,
                    kind: agreement.offer.kind,
                    total: agreement.offer.total,
                    n_payments: agreement.offer.payments.len(),
                    accepted_at: agreement.accepted_at,
                })
                .collect(),
            open_cases: file.open_cases.into_iter().map(|case| case.kind).collect(),
            n_payment_claims: file.claims.len(),
        }
    }
}

impl DebtView {
    fn of(debt: &Obligation) -> Self {
        let balance = &debt.balance;
        Self {
            product_name: debt.product_name.clone(),
            external_ref_masked: masked_number(&debt.external_ref),
            status: debt.status,
            due: balance.overdue().ok(),
            payoff: debt.payoff(),
            next: debt.next_due.as_ref().map(|next| (next.due, next.amount)),
            as_of: balance.as_of,
            oldest_unpaid_due: debt.oldest_unpaid_due,
        }
    }
}

/// The first characters, never one of the last four: those are what the identity question asks for, and who may read
/// them could answer it. The mask is of one length.
fn masked_document(document: &str) -> String {
    let known: Vec<char> = document.chars().filter(|c| c.is_alphanumeric()).collect();
    let shown = known.len().saturating_sub(ASKED_CHARS).min(DOCUMENT_CHARS_SHOWN);
    let head: String = known.iter().take(shown).collect();
    format!("{head}••••")
}

/// The last four digits, or half of a shorter number, behind a mask of one length.
pub(super) fn masked_phone(text: &str) -> String {
    let n_chars = text.chars().count();
    let shown = SHOWN_DIGITS.min(n_chars / 2);
    let tail: String = text.chars().skip(n_chars - shown).collect();
    format!("•••• {tail}")
}

#[cfg(test)]
mod tests {
    use super::{masked_document, masked_phone};
    use crate::rules::assurance::document_last4;
    use proptest::prelude::*;

    #[test]
    fn a_mask_tells_neither_the_whole_nor_the_length() {
        for (document, mask) in [
            ("1032456789", "103••••"),
            ("GATM900101MNLRRR01", "GAT••••"),
            ("12.345.678-K", "123••••"),
            ("AB1234C", "AB1••••"),
            ("10482", "1••••"),
            ("4821", "••••"),
            ("", "••••"),
        ] {
            assert_eq!(masked_document(document), mask);
        }
        assert_eq!(masked_phone("573001234567"), "•••• 4567");
        assert_eq!(masked_phone("123"), "•••• 3");
        assert_eq!(masked_phone(""), "•••• ");
    }

    proptest! {
        #[test]
        fn the_mask_of_a_document_is_the_same_whatever_the_identity_question_asks(
            head in "[A-Z0-9.-]{3,14}", one in "[0-9]{4}", other in "[A-Z0-9]{3}[0-9]"
        ) {
            let (one, other) = (format!("{head}{one}"), format!("{head}{other}"));
            prop_assert!(document_last4(&one) != document_last4(&other) || one == other);
            prop_assert_eq!(masked_document(&one), masked_document(&other));
        }
    }
}
