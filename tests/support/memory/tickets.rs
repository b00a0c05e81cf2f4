//! Hand-offs to human agents, in memory.

use super::{DeskTicket, MemoryStore, Tables, rows};
use crate::domain::ids::{AgentId, LenderId, TicketId};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::tickets::{
    AgentAct, Lease, Shown, Ticket, TicketPage, TicketPlace, TicketRefused, TicketStore,
};
use crate::store::plan::desk::{self, DeskPlan};
use crate::store::plan::turns::EventRow;
use crate::store::rows::tickets::TicketRow;
use async_trait::async_trait;
use uuid::Uuid;

#[async_trait]
impl TicketStore for MemoryStore {
    async fn ticket(&self, lender: &LenderId, id: TicketId) -> Result<Option<Ticket>, StoreError> {
        self.tables()?.of_lender(lender, id).map(|ticket| ticket.row.clone().read()).transpose()
    }

    async fn open_tickets(&self, limit: u32) -> Result<Vec<Ticket>, StoreError> {
        let tables = self.tables()?;
        let mut open: Vec<&TicketRow> =
            tables.tickets.values().map(|ticket| &ticket.row).filter(|row| row.status != "closed").collect();
        open.sort_by_key(|row| (row.waiting_since, row.id));
        open.into_iter().take(rows(limit)).cloned().map(TicketRow::read).collect()
    }

    async fn tickets(
        &self,
        lender: &LenderId,
        queue: Option<&str>,
        open: bool,
        limit: u32,
    ) -> Result<Vec<Ticket>, StoreError> {
        let tables = self.tables()?;
        let wanted = |row: &&TicketRow| {
            row.lender == lender.as_str()
                && queue.is_none_or(|queue| row.queue == queue)
                && (row.status != "closed") == open
        };
        let mut found: Vec<&TicketRow> =
            tables.tickets.values().map(|ticket| &ticket.row).filter(wanted).collect();
        found.sort_by_key(|row| std::cmp::Reverse((row.opened_at, row.id)));
        found.into_iter().take(rows(limit)).cloned().map(TicketRow::read).collect()
    }

    async fn ticket_page(&self, lender: &LenderId, page: &TicketPage) -> Result<Vec<Ticket>, StoreError> {
        let tables = self.tables()?;
        let of = |row: &TicketRow| row.status == "assigned" && row.agent_id == Some(page.agent.0);
        let wanted = |row: &&TicketRow| {
            row.lender == lender.as_str()
                && page.queue.as_ref().is_none_or(|queue| row.queue == *queue)
                && (page.served.is_empty() || page.served.contains(&row.queue) || of(row))
                && match page.shown {
                    Shown::Open => row.status != "closed",
                    Shown::Queued => row.status == "queued",
                    Shown::Assigned => row.status == "assigned",
                    Shown::Mine => of(row),
                    Shown::Closed => row.status == "closed",
                }
        };
        let rows_of = tables.tickets.values().map(|ticket| &ticket.row).filter(wanted);
        let mut found: Vec<Ticket> = rows_of.cloned().map(TicketRow::read).collect::<Result<_, _>>()?;
        let key = |place: TicketPlace| (place.rank, place.at.0, place.id.0);
        let place = |ticket: &Ticket| key(TicketPlace::of(ticket));
        found.sort_by_key(place);
        if page.shown == Shown::Closed {
            found.reverse();
            found.retain(|ticket| page.after.is_none_or(|after| place(ticket) < key(after)));
        } else {
            found.retain(|ticket| page.after.is_none_or(|after| place(ticket) > key(after)));
        }
        found.truncate(rows(page.limit));
        Ok(found)
    }

    async fn unpublished_tickets(&self, limit: u32) -> Result<Vec<Ticket>, StoreError> {
        let tables = self.tables()?;
        let news = |ticket: &&DeskTicket| {
            ticket.row.version > ticket.published_version && ticket.row.status != "assigned"
        };
        let found = tables.tickets.values().filter(news).take(rows(limit));
        found.map(|ticket| ticket.row.clone().read()).collect()
    }

    async fn mark_published(&self, tickets: &[(TicketId, i64)]) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        for (id, version) in tickets {
            if let Some(ticket) = tables.tickets.get_mut(&id.0) {
                ticket.published_version = ticket.published_version.max(*version);
            }
        }
        Ok(())
    }

    async fn assign(
        &self,
        lender: &LenderId,
        id: TicketId,
        agent: AgentId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Result<Ticket, TicketRefused>, StoreError> {
        let mut tables = self.tables()?;
        let Some(ticket) = tables.of_lender(lender, id) else { return Ok(Err(TicketRefused::Unknown)) };
        if let Err(refused) = ticket.row.may_be_assigned(agent, now)? {
            return Ok(Err(refused));
        }
        let row = &mut tables.tickets.get_mut(&id.0).unwrap().row;
        row.status = "assigned".to_owned();
        row.agent_id = Some(agent.0);
        row.lease_token += 1;
        row.leased_until = until.0;
        row.version += 1;
        row.clone().read().map(Ok)
    }

    async fn renew(
        &self,
        lender: &LenderId,
        lease: Lease,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Result<(), TicketRefused>, StoreError> {
        let mut tables = self.tables()?;
        if let Err(refused) = tables.held(lender, lease, now)? {
            return Ok(Err(refused));
        }
        tables.tickets.get_mut(&lease.ticket.0).unwrap().row.leased_until = until.0;
        Ok(Ok(()))
    }

    async fn give_up(
        &self,
        lender: &LenderId,
        lease: Lease,
        now: Timestamp,
    ) -> Result<Result<(), TicketRefused>, StoreError> {
        let mut tables = self.tables()?;
        if let Err(refused) = tables.held(lender, lease, now)? {
            return Ok(Err(refused));
        }
        requeue(&mut tables.tickets.get_mut(&lease.ticket.0).unwrap().row);
        Ok(Ok(()))
    }

    async fn requeue_expired(&self, now: Timestamp, limit: u32) -> Result<Vec<Ticket>, StoreError> {
        let mut tables = self.tables()?;
        let mut expired: Vec<&mut TicketRow> = tables
            .tickets
            .values_mut()
            .map(|ticket| &mut ticket.row)
            .filter(|row| row.status == "assigned" && row.leased_until <= now.0)
            .collect();
        expired.sort_by_key(|row| (row.leased_until, row.id));
        expired
            .into_iter()
            .take(rows(limit))
            .map(|row| {
                requeue(row);
                row.clone().read()
            })
            .collect()
    }

    async fn act(
        &self,
        lender: &LenderId,
        lease: Lease,
        act: &AgentAct,
        now: Timestamp,
    ) -> Result<Result<Ticket, TicketRefused>, StoreError> {
        let mut tables = self.tables()?;
        let row = match tables.held(lender, lease, now)? {
            Ok(row) => row,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut plan = desk::plan(row.clone(), lease, act, now)?;
        if let Some(message) = plan.message.take()
            && tables.insert_outbox(vec![message]) == 0
        {
            return row.read().map(Ok);
        }
        let ticket = plan.ticket.clone();
        tables.write_act(plan, now.0);
        ticket.read().map(Ok)
    }
}

fn requeue(row: &mut TicketRow) {
    row.status = "queued".to_owned();
    row.leased_until = 0;
    row.version += 1;
}

impl Tables {
    fn of_lender(&self, lender: &LenderId, id: TicketId) -> Option<&DeskTicket> {
        self.tickets.get(&id.0).filter(|ticket| ticket.row.lender == lender.as_str())
    }

    /// The ticket, if the lease on it is live.
    fn held(
        &self,
        lender: &LenderId,
        lease: Lease,
        now: Timestamp,
    ) -> Result<Result<TicketRow, TicketRefused>, StoreError> {
        let Some(ticket) = self.of_lender(lender, lease.ticket) else {
            return Ok(Err(TicketRefused::Unknown));
        };
        Ok(ticket.row.holds(lease, now)?.map(|()| ticket.row.clone()))
    }

    /// Between turns: the turn is that of the newest event.
    pub(super) fn append_events(&mut self, conversation: Uuid, events: Vec<EventRow>) {
        for mut event in events {
            let chat = self.conversations.get_mut(&conversation).unwrap();
            chat.last_event_seq += 1;
            event.seq = chat.last_event_seq;
            let log = self.events.entry(conversation).or_default();
            event.turn = log.last().map_or(0, |newest| newest.turn);
            log.push(event);
        }
    }

    fn write_act(&mut self, plan: DeskPlan, now: i64) {
        let id = plan.ticket.id;
        let conversation = plan.ticket.conversation_id;
        let closed = plan.ticket.is_closed();
        self.tickets.get_mut(&id).unwrap().row = plan.ticket;
        self.append_events(conversation, plan.events);
        if closed {
            let chat = self.conversations.get_mut(&conversation).unwrap();
            if chat.ticket == Some(id) {
                chat.ticket = None;
            }
        }
        if let Some(input) = plan.input {
            self.add_input(input, now);
        }
    }
}
