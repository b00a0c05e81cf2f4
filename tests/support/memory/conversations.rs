//! Conversations, timers and the event log, in memory.

use super::{Chat, Input, MemoryStore, Tables, counted, rows};
use crate::domain::identity::WaIdentity;
use crate::domain::ids::{ConversationId, InboxId, LenderId, PhoneNumberId};
use crate::domain::json_text::JsonText;
use crate::domain::time::{Millis, Timestamp};
use crate::ports::StoreError;
use crate::ports::conversations::{
    Backlog, Claim, CommitRefused, Conversation, ConversationStore, Event, InputKind, TurnCommit,
};
use crate::store::plan::accept::InputRow;
use crate::store::plan::settled::{self, SettledRow};
use crate::store::rows::conversations::{
    BacklogRow, ConversationRow, Fired, PendingInputRow, StoredEventRow, TimedRow, claims,
    events as conversation_events,
};
use crate::store::rows::json;
use async_trait::async_trait;
use uuid::Uuid;

#[async_trait]
impl ConversationStore for MemoryStore {
    async fn claim_conversations(
        &self,
        now: Timestamp,
        lease: Millis,
        limit: u32,
        inputs_max: u32,
    ) -> Result<Vec<Claim>, StoreError> {
        let mut tables = self.tables()?;
        let until = now.plus(lease).0;
        let mut found = Vec::new();
        let mut inputs = Vec::new();
        for id in tables.claimable(now.0, rows(limit)) {
            let chat = tables.conversations.get_mut(&id).unwrap();
            chat.lease_token += 1;
            chat.state.leased_until = until;
            chat.state.next_claim_at = Some(until);
            found.push(chat.row());
            inputs.extend(tables.pending_inputs(id).take(rows(inputs_max)).map(pending_row));
        }
        Ok(claims(found, inputs))
    }

    async fn commit_turns(
        &self,
        commits: &[TurnCommit],
    ) -> Result<Vec<Result<(), CommitRefused>>, StoreError> {
        self.tables()?.commit(commits)
    }

    async fn release(
        &self,
        conversation: ConversationId,
        token: i64,
        retry_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        let Some(chat) = tables.conversations.get_mut(&conversation.0) else { return Ok(()) };
        if chat.lease_token != token || chat.state.leased_until == 0 {
            return Ok(());
        }
        chat.state.leased_until = 0;
        chat.state.next_claim_at = chat.state.next_claim_at.map(|_| retry_at.0);
        let first = |input: &&mut Input| input.row.conversation == conversation.0 && input.done_at.is_none();
        if let Some(input) = tables.inputs.iter_mut().find(first) {
            input.failures += 1;
        }
        Ok(())
    }

    async fn give_back(&self, claims: &[(ConversationId, i64, Timestamp)]) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        for (conversation, token, retry_at) in claims {
            let Some(chat) = tables.conversations.get_mut(&conversation.0) else { continue };
            if chat.lease_token == *token && chat.state.leased_until > 0 {
                chat.state.leased_until = 0;
                chat.state.next_claim_at = chat.state.next_claim_at.map(|_| retry_at.0);
            }
        }
        Ok(())
    }

    async fn fire_timers(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let mut tables = self.tables()?;
        let mut due: Vec<(i64, Uuid)> = tables
            .conversations
            .iter()
            .filter_map(|(id, chat)| Some((chat.timers.next_timer_at.filter(|due| *due <= now.0)?, *id)))
            .collect();
        due.sort_unstable();
        due.truncate(rows(limit));
        let timed = due.iter().map(|(_, id)| {
            let chat = &tables.conversations[id];
            TimedRow { id: *id, lender: chat.state.lender.clone(), timers: chat.timers.timers.clone() }
        });
        let Fired { inputs, left } = Fired::at(now, timed.collect())?;
        for (id, timers) in left {
            tables.conversations.get_mut(&id).unwrap().timers = timers;
        }
        let n_fired = counted(inputs.len());
        for input in inputs {
            tables.add_input(input, now.0);
        }
        Ok(n_fired)
    }

    async fn add_input(
        &self,
        conversation: ConversationId,
        id: InboxId,
        kind: InputKind,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        let Some(chat) = tables.conversations.get(&conversation.0) else {
            return Err(StoreError::Conflict { constraint: "inputs.conversation_id".to_owned() });
        };
        let input = InputRow {
            id: id.0,
            lender: chat.state.lender.clone(),
            conversation: conversation.0,
            dedupe_key: None,
            body: json(&kind)?,
            received_at: now.0,
        };
        if !tables.input_ids.contains(&id.0) {
            tables.add_input(input, now.0);
        }
        Ok(())
    }

    async fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        self.tables()?.conversations.get(&id.0).map(Chat::row).map(ConversationRow::read).transpose()
    }

    async fn conversation_of(
        &self,
        phone_number_id: &PhoneNumberId,
        identity: &WaIdentity,
    ) -> Result<Option<Conversation>, StoreError> {
        let tables = self.tables()?;
        let wa_id = identity.wa_id.as_ref().map(|wa_id| wa_id.expose().to_owned());
        let bsuid = identity.bsuid.as_ref().map(|bsuid| bsuid.expose().to_owned());
        let of_number = |chat: &&Chat| chat.state.phone_number_id == phone_number_id.as_str();
        let by_user = |chat: &Chat| bsuid.is_some() && chat.state.bsuid == bsuid;
        tables
            .conversations
            .values()
            .filter(of_number)
            .filter(|chat| chat.shares_address(wa_id.as_deref(), bsuid.as_deref()))
            .max_by_key(|chat| (by_user(chat), chat.state.created_at))
            .map(Chat::row)
            .map(ConversationRow::read)
            .transpose()
    }

    async fn identity_conflicts(
        &self,
        lender: &LenderId,
        limit: u32,
    ) -> Result<Vec<Conversation>, StoreError> {
        let tables = self.tables()?;
        let mut chats: Vec<&Chat> = tables
            .conversations
            .values()
            .filter(|chat| chat.state.identity_conflict && chat.state.lender == lender.as_str())
            .collect();
        chats.sort_by_key(|chat| (chat.state.created_at, chat.state.id));
        chats.into_iter().take(rows(limit)).map(Chat::row).map(ConversationRow::read).collect()
    }

    async fn settle_identity(
        &self,
        lender: &LenderId,
        conversation: ConversationId,
        body: &JsonText,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        let in_conflict =
            |chat: &&mut Chat| chat.state.identity_conflict && chat.state.lender == lender.as_str();
        let Some(chat) = tables.conversations.get_mut(&conversation.0).filter(in_conflict) else {
            return Ok(false);
        };
        chat.state.identity_conflict = false;
        chat.assurance = "ninguna".to_owned();
        let state = chat.state.clone();
        let row = SettledRow {
            id: state.id,
            lender: state.lender,
            phone_number_id: state.phone_number_id,
            wa_id: state.wa_id,
            bsuid: state.bsuid,
        };
        let (event, input) = settled::plan(row, body, now)?;
        tables.append_events(conversation.0, vec![event]);
        tables.add_input(input, now.0);
        Ok(true)
    }

    async fn events(
        &self,
        conversation: ConversationId,
        after_seq: i64,
        limit: u32,
    ) -> Result<Vec<(i64, Event)>, StoreError> {
        self.tables()?.log(conversation.0, after_seq, limit)
    }

    async fn backlog(&self, now: Timestamp) -> Result<Backlog, StoreError> {
        let tables = self.tables()?;
        let count = |number: usize| i64::try_from(number).unwrap();
        let pending = || tables.inputs.iter().filter(|input| input.done_at.is_none());
        let with_status =
            |status: &str| tables.outbox.iter().filter(|message| message.status == status).count();
        let is_status = |seq: &&usize| tables.notices[**seq].row.kind == "status";
        let (shut, soon) = BacklogRow::windows(now);
        let (tickets, chats) = (&tables.tickets, &tables.conversations);
        let waiting = || {
            let open = tickets.values().map(|ticket| &ticket.row);
            let open = open.filter(|row| row.status != "closed" && row.waiting);
            open.filter_map(move |row| chats.get(&row.conversation_id)?.state.last_inbound_at)
        };
        let answers = tables.outbox.iter().filter(|message| message.status == "queued");
        let row = BacklogRow {
            oldest_answer: answers.filter(|one| one.row.origin != "proactive").map(|one| one.row.now).min(),
            windows_shutting: count(waiting().filter(|at| *at > shut && *at <= soon).count()),
            windows_shut: count(waiting().filter(|at| *at <= shut).count()),
            pending_inputs: count(pending().count()),
            oldest_input: pending().map(|input| input.row.received_at).min(),
            queued_outbox: count(with_status("queued")),
            in_doubt: count(with_status("in_doubt")),
            pending_statuses: count(tables.pending_notices.iter().filter(is_status).count()),
            dead_turns: count(tables.dead_letters.iter().filter(|letter| letter.row.is_some()).count()),
            dead_deliveries: count(
                tables.deliveries.values().filter(|delivery| delivery.unreadable.is_some()).count(),
            ),
        };
        Ok(row.read(now))
    }
}

fn pending_row(input: &Input) -> PendingInputRow {
    PendingInputRow {
        id: input.row.id,
        conversation_id: input.row.conversation,
        body: input.row.body.clone(),
        received_at: input.row.received_at,
        failures: input.failures,
    }
}

impl Tables {
    fn claimable(&self, now: i64, limit: usize) -> Vec<Uuid> {
        let due =
            |chat: &Chat| chat.state.next_claim_at.filter(|at| *at <= now).map(|at| (at, chat.state.id));
        let mut found: Vec<(i64, Uuid)> = self.conversations.values().filter_map(due).collect();
        found.sort_unstable();
        found.truncate(limit);
        found.into_iter().map(|(_, id)| id).collect()
    }

    pub(super) fn pending_inputs(&self, conversation: Uuid) -> impl Iterator<Item = &Input> {
        let mine = move |input: &&Input| input.row.conversation == conversation && input.done_at.is_none();
        self.inputs.iter().filter(mine)
    }

    /// Adds an input and makes its conversation claimable.
    pub(super) fn add_input(&mut self, row: InputRow, now: i64) {
        let conversation = row.conversation;
        if self.input_ids.insert(row.id) {
            self.inputs.push(Input { row, failures: 0, done_at: None });
        }
        self.wake(conversation, now);
    }

    /// A live lease or a back-off is respected.
    pub(super) fn wake(&mut self, conversation: Uuid, now: i64) {
        if let Some(chat) = self.conversations.get_mut(&conversation) {
            let state = &mut chat.state;
            state.next_claim_at = state.next_claim_at.or(Some(now.max(state.leased_until)));
        }
    }
}

impl Tables {
    /// Entries of a conversation's log behind `after`, oldest first, with their numbers.
    pub(in crate::store) fn log(
        &self,
        conversation: Uuid,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, Event)>, StoreError> {
        let log = self.events.get(&conversation).map_or(&[][..], Vec::as_slice);
        let wanted = log.iter().filter(|event| event.seq > after).take(rows(limit));
        let wanted = wanted.map(|event| StoredEventRow {
            conversation_id: event.conversation,
            seq: event.seq,
            turn: event.turn,
            kind: event.kind.clone(),
            body: event.body.clone(),
            at: event.at,
        });
        conversation_events(wanted, after, limit)
    }
}
