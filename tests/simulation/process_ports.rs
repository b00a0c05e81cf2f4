//! The ports as one process has them: the shared store and queue behind awaits at which something may go wrong.

use crate::faults::StoreFault;
use crate::mutants::Mutant;
use crate::sim::Sim;
use acuerdo::domain::assurance::Assurance;
use acuerdo::domain::debt::{Agreement, AgreementStatus, Person};
use acuerdo::domain::identity::WaIdentity;
use acuerdo::domain::ids::{
    AgentId, CaseId, ConversationId, FlowHash, InboxId, LenderId, ObligationId, OutboxId, PersonId,
    PhoneNumberId, TicketId, Wamid,
};
use acuerdo::domain::json_text::JsonText;
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::StoreError;
use acuerdo::ports::agents::{Agent, AgentStore};
use acuerdo::ports::cases::{
    AgreementsOf, CaseStore, CasesOf, ClosedCase, Closing, FiledAgreement, OpenCase,
};
use acuerdo::ports::clock::{Clock, Random};
use acuerdo::ports::conversations::{
    Backlog, Claim, CommitRefused, Conversation, ConversationStore, Event, InputKind, TurnCommit,
};
use acuerdo::ports::dead_letters::{DeadDelivery, DeadLetterStore, DeadTurn};
use acuerdo::ports::flows::{FlowFiles, FlowVersionStore};
use acuerdo::ports::inbox::{Accepted, AppliedStatuses, Delivery, InboxStore, PendingNotice};
use acuerdo::ports::media::{Lost, MediaClaim, MediaFile, MediaStore, OpenedMedia, Opening, StoredMedia};
use acuerdo::ports::outbox::{
    DoubtEnd, Fate, FollowedMessage, OpenDoubt, OutboxClaim, OutboxStore, SendResult, SentMessage, Wanted,
};
use acuerdo::ports::people::{IdentityHistory, ImportCounts, ImportSource, PeopleStore, PersonFile, TriesOf};
use acuerdo::ports::records::OptOutScope;
use acuerdo::ports::retention::{Act, Aged, Place, RetentionStore, Swept};
use acuerdo::ports::rights::{Erasure, PersonAct, RightsStore};
use acuerdo::ports::switches::{Stop, SwitchStore, TakenOver};
use acuerdo::ports::tickets::{AgentAct, Lease, Ticket, TicketPage, TicketRefused, TicketStore};
use acuerdo::rules::doubt::{NEIGHBOURS_MIN, Neighbours};
use async_trait::async_trait;
use std::sync::Arc;
use uuid::Uuid;

/// The store as one process reaches it.
pub struct ProcessStore {
    pub sim: Arc<Sim>,
    pub process: usize,
    pub mutant: Option<Mutant>,
}

fn broken() -> StoreError {
    StoreError::Unavailable { why: "the simulated connection broke".to_owned() }
}

impl ProcessStore {
    /// The way to the store: the call may be lost, or its answer doomed already.
    async fn enter(&self, verb: &'static str) -> Result<Option<StoreFault>, StoreError> {
        self.sim.pass(self.process, verb).await;
        match self.sim.core().at_store(self.process, verb) {
            Some(StoreFault::Fails) => Err(broken()),
            other @ (Some(StoreFault::OutcomeUnknown) | None) => Ok(other),
        }
    }

    /// The way back; after a call that changed nothing it is no different from the way to the next.
    async fn leave<T>(
        &self,
        verb: &'static str,
        fault: Option<StoreFault>,
        result: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.sim.after_call(self.process, verb, result.is_ok()) {
            self.sim.pass(self.process, verb).await;
        }
        if fault.is_some() { Err(broken()) } else { result }
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }
}

/// Implements a port: `pass` lists verbs that only pass on what they were asked, `own` holds the others.
macro_rules! port {
    ($port:ident; pass { $($name:ident($($arg:ident: $kind:ty),*) -> $out:ty;)* } own { $($own:tt)* }) => {
        #[async_trait]
        impl $port for ProcessStore {
            $(async fn $name(&self, $($arg: $kind),*) -> Result<$out, StoreError> {
                let fault = self.enter(stringify!($name)).await?;
                let result = self.sim.store.$name($($arg),*).await;
                self.leave(stringify!($name), fault, result).await
            })*
            $($own)*
        }
    };
}

port! { InboxStore;
    pass {
        pending_notices(limit: u32) -> Vec<PendingNotice>;
        finish_notices(ids: &[Uuid], now: Timestamp) -> ();
        unreadable_count() -> u64;
    }
    own {
        async fn accept(&self, deliveries: &[Delivery]) -> Result<Vec<Accepted>, StoreError> {
            let fault = match self.enter("accept").await {
                Err(_) if self.is(Mutant::AcknowledgesBeforeCommit) => {
                    return Ok(deliveries.iter().map(|_| Accepted::default()).collect());
                }
                entered => entered?,
            };
            let result = self.sim.store.accept(deliveries).await;
            self.leave("accept", fault, result).await
        }

        async fn apply_statuses(
            &self,
            now: Timestamp,
            park_ms: i64,
            limit: u32,
        ) -> Result<AppliedStatuses, StoreError> {
            let fault = self.enter("apply_statuses").await?;
            let result = self.sim.store.apply_statuses(now, park_ms, limit).await;
            if self.is(Mutant::StatusesFallBack) {
                self.sim.store.lower_rank();
            }
            self.leave("apply_statuses", fault, result).await
        }
    }
}

port! { ConversationStore;
    pass {
        claim_conversations(now: Timestamp, lease: Millis, limit: u32, inputs_max: u32) -> Vec<Claim>;
        release(conversation: ConversationId, token: i64, retry_at: Timestamp) -> ();
        give_back(claims: &[(ConversationId, i64, Timestamp)]) -> ();
        add_input(conversation: ConversationId, id: InboxId, kind: InputKind, now: Timestamp) -> ();
        conversation(id: ConversationId) -> Option<Conversation>;
        conversation_of(number: &PhoneNumberId, identity: &WaIdentity) -> Option<Conversation>;
        events(conversation: ConversationId, after_seq: i64, limit: u32) -> Vec<(i64, Event)>;
        identity_conflicts(lender: &LenderId, limit: u32) -> Vec<Conversation>;
        settle_identity(
            lender: &LenderId, conversation: ConversationId, body: &JsonText, now: Timestamp
        ) -> bool;
        backlog(now: Timestamp) -> Backlog;
    }
    own {
        async fn commit_turns(
            &self,
            commits: &[TurnCommit],
        ) -> Result<Vec<Result<(), CommitRefused>>, StoreError> {
            let fault = self.enter("commit_turns").await?;
            let result = if self.is(Mutant::CommitIgnoresFencing) {
                let unfenced: Vec<TurnCommit> = commits.iter().map(|commit| self.unfenced(commit)).collect();
                self.sim.store.commit_turns(&unfenced).await
            } else {
                self.sim.store.commit_turns(commits).await
            };
            self.leave("commit_turns", fault, result).await
        }

        async fn fire_timers(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
            if self.sim.core().timers_rest {
                return Ok(0);
            }
            let fault = self.enter("fire_timers").await?;
            let result = self.sim.store.fire_timers(now, limit).await;
            self.leave("fire_timers", fault, result).await
        }
    }
}

port! { OutboxStore;
    pass {
        withdraw_sends(now: Timestamp, ids: &[OutboxId], why: &str) -> u32;
        fate(id: OutboxId) -> Fate;
        sent_messages(conversation: ConversationId, limit: u32) -> Vec<SentMessage>;
        followed_messages(ids: &[OutboxId]) -> Vec<FollowedMessage>;
    }
    own {
        async fn claim_outbox(
            &self,
            now: Timestamp,
            lease: Millis,
            doubt: Millis,
            wanted: Wanted<'_>,
        ) -> Result<Vec<OutboxClaim>, StoreError> {
            let fault = self.enter("claim_outbox").await?;
            let mut result = self.sim.store.claim_outbox(now, lease, doubt, wanted).await;
            self.sim.watch_claims(&result);
            if let (true, Ok(claims)) = (self.is(Mutant::GateTrustsEverybody), &mut result) {
                for claim in claims.iter_mut() {
                    claim.assurance = Assurance::Reforzada;
                    claim.person = claim.subject.or(claim.person);
                }
            }
            self.leave("claim_outbox", fault, result).await
        }

        async fn begin_sends(
            &self,
            now: Timestamp,
            lease: Millis,
            claims: &[(OutboxId, i64)],
        ) -> Result<Vec<OutboxId>, StoreError> {
            let fault = self.enter("begin_sends").await?;
            let mut result = self.sim.store.begin_sends(now, lease, claims).await;
            if let (true, Ok(begun)) = (self.is(Mutant::BeginIgnoresClaims), &mut result) {
                *begun = claims.iter().map(|(id, _)| *id).collect();
            }
            self.leave("begin_sends", fault, result).await
        }

        async fn open_doubts(&self, now: Timestamp, limit: u32) -> Result<Vec<OpenDoubt>, StoreError> {
            let fault = self.enter("open_doubts").await?;
            let mut result = self.sim.store.open_doubts(now, limit).await;
            if let (true, Ok(doubts)) = (self.is(Mutant::SilenceIsProof), &mut result) {
                let heard = Neighbours { n: NEIGHBOURS_MIN, n_told: NEIGHBOURS_MIN, slowest: Millis(0) };
                doubts.iter_mut().for_each(|doubt| doubt.neighbours = heard);
            }
            self.leave("open_doubts", fault, result).await
        }

        async fn end_doubts(
            &self,
            now: Timestamp,
            ends: &[(OutboxId, i64, DoubtEnd)],
        ) -> Result<u32, StoreError> {
            let fault = self.enter("end_doubts").await?;
            let open = self.sim.store.open_doubts(now, u32::MAX).await?;
            self.sim.watch_ends(&open, ends);
            let result = self.sim.store.end_doubts(now, ends).await;
            self.leave("end_doubts", fault, result).await
        }

        async fn finish_outbox(
            &self,
            now: Timestamp,
            results: &[(OutboxId, i64, SendResult)],
        ) -> Result<(), StoreError> {
            let fault = self.enter("finish_outbox").await?;
            let result = if self.is(Mutant::DoubtIsRetried) {
                let hasty: Vec<_> = results.iter().map(|(id, token, result)| (*id, *token, hasty(result))).collect();
                self.sim.store.finish_outbox(now, &hasty).await
            } else {
                self.sim.store.finish_outbox(now, results).await
            };
            self.leave("finish_outbox", fault, result).await
        }
    }
}

/// A planted bug: what may have left is sent again.
fn hasty(result: &SendResult) -> SendResult {
    match result {
        SendResult::InDoubt { until, why } => {
            SendResult::Retry { at: until.minus(Millis::seconds(119)), why: why.clone(), code: None }
        }
        SendResult::Accepted { .. }
        | SendResult::Wait { .. }
        | SendResult::Back { .. }
        | SendResult::Retry { .. }
        | SendResult::Refused { .. } => result.clone(),
    }
}

impl ProcessStore {
    /// A planted bug: whoever commits counts as the holder of the claim.
    fn unfenced(&self, commit: &TurnCommit) -> TurnCommit {
        let (token, version) = self.sim.store.fencing(commit.conversation.0).unwrap_or_default();
        TurnCommit { token, expected_version: version, ..commit.clone() }
    }
}

port! { PeopleStore;
    pass {
        persons_by_phones(lender: &LenderId, phone_sets: &[Vec<String>], limit: u32) -> Vec<Vec<Person>>;
        is_wrong_number(lender: &LenderId, phones: &[String]) -> bool;
        person_files(lender: &LenderId, persons: &[PersonId]) -> Vec<Option<PersonFile>>;
        identity_histories(asked: &[TriesOf], now: Timestamp) -> Vec<IdentityHistory>;
        import_from(lender: &LenderId, source: &dyn ImportSource, now: Timestamp) -> ImportCounts;
        agreement_by_once(lender: &LenderId, person: PersonId, obligation: ObligationId, once_key: &str) -> Option<Agreement>;
        add_agreement(agreement: &Agreement) -> bool;
        persons(lender: &LenderId, limit: u32) -> Vec<Person>;
        set_opt_out(
            lender: &LenderId,
            identity: &WaIdentity,
            scope: OptOutScope,
            stop: bool,
            source: &str,
            now: Timestamp
        ) -> u32;
    }
    own {}
}

port! { TicketStore;
    pass {
        ticket(lender: &LenderId, id: TicketId) -> Option<Ticket>;
        open_tickets(limit: u32) -> Vec<Ticket>;
        tickets(lender: &LenderId, queue: Option<&str>, open: bool, limit: u32) -> Vec<Ticket>;
        ticket_page(lender: &LenderId, page: &TicketPage) -> Vec<Ticket>;
        unpublished_tickets(limit: u32) -> Vec<Ticket>;
        mark_published(tickets: &[(TicketId, i64)]) -> ();
        renew(lender: &LenderId, lease: Lease, until: Timestamp, now: Timestamp) -> Result<(), TicketRefused>;
        give_up(lender: &LenderId, lease: Lease, now: Timestamp) -> Result<(), TicketRefused>;
        requeue_expired(now: Timestamp, limit: u32) -> Vec<Ticket>;
    }
    own {
        async fn assign(
            &self,
            lender: &LenderId,
            id: TicketId,
            agent: AgentId,
            until: Timestamp,
            now: Timestamp,
        ) -> Result<Result<Ticket, TicketRefused>, StoreError> {
            let fault = self.enter("assign").await?;
            if self.is(Mutant::AssignIgnoresLease) {
                self.sim.store.free_ticket(id.0);
            }
            let result = self.sim.store.assign(lender, id, agent, until, now).await;
            self.leave("assign", fault, result).await
        }

        async fn act(
            &self,
            lender: &LenderId,
            lease: Lease,
            act: &AgentAct,
            now: Timestamp,
        ) -> Result<Result<Ticket, TicketRefused>, StoreError> {
            let fault = self.enter("act").await?;
            let result = match act {
                AgentAct::Send { content, label, .. } if self.is(Mutant::OutboxForgetsUnique) => {
                    let id = OutboxId(self.sim.uuid(now));
                    let again = AgentAct::Send { id, content: content.clone(), label: *label };
                    self.sim.store.act(lender, lease, &again, now).await
                }
                AgentAct::Send { .. }
                | AgentAct::Note { .. }
                | AgentAct::Resolve { .. }
                | AgentAct::ReturnToBot { .. }
                | AgentAct::Transfer { .. }
                | AgentAct::Confirm { .. } => self.sim.store.act(lender, lease, act, now).await,
            };
            self.leave("act", fault, result).await
        }
    }
}

port! { AgentStore;
    pass {
        add_agent(agent: &Agent, token_sha256: [u8; 32]) -> ();
        agent_by_token(token_sha256: [u8; 32]) -> Option<Agent>;
        agents(lender: &LenderId) -> Vec<Agent>;
        set_agent_active(lender: &LenderId, id: AgentId, active: bool) -> bool;
    }
    own {}
}

port! { DeadLetterStore;
    pass {
        dead_turns(limit: u32) -> Vec<DeadTurn>;
        retry_dead_turn(id: Uuid, now: Timestamp) -> bool;
        dead_deliveries(limit: u32) -> Vec<DeadDelivery>;
        delivery_body(id: Uuid) -> Option<Vec<u8>>;
        settle_delivery(id: Uuid) -> ();
    }
    own {}
}

port! { RetentionStore;
    pass {
        sweep(kind: Aged, before: Timestamp, after: Place, limit: u32, act: Act) -> Swept;
    }
    own {}
}

port! { RightsStore;
    pass {
        person_key(proposed: [u8; 32]) -> [u8; 32];
        person_acts(lender: &LenderId, ref_keys: &[Vec<u8>]) -> Vec<PersonAct>;
        add_person_act(act: &PersonAct) -> ();
        export_person(lender: &LenderId, reference: &str) -> Option<serde_json::Value>;
        export_kept(lender: &LenderId, ref_key: &[u8]) -> serde_json::Value;
        erase_person(reference: &str, record: &PersonAct, over: bool, act: Act) -> Erasure;
    }
    own {}
}

port! { CaseStore;
    pass {
        open_cases(of: &CasesOf, limit: u32) -> Vec<OpenCase>;
        closed_cases(lender: Option<&LenderId>, limit: u32) -> Vec<ClosedCase>;
        close_case(lender: &LenderId, id: CaseId, closing: &Closing) -> bool;
        end_agreement(lender: &LenderId, reference: &str, status: AgreementStatus, closing: &Closing) -> bool;
        correct_agreement(lender: &LenderId, reference: &str, status: AgreementStatus, closing: &Closing) -> bool;
        agreements(of: &AgreementsOf, limit: u32) -> Vec<FiledAgreement>;
    }
    own {}
}

port! { MediaStore;
    pass {
        claim_media(now: Timestamp, lease: Millis, limit: u32) -> Vec<MediaClaim>;
        keep_media(claim: &MediaClaim, file: &MediaFile, now: Timestamp) -> bool;
        postpone_media(claim: &MediaClaim, until: Timestamp) -> bool;
        lose_media(claim: &MediaClaim, why: Lost, now: Timestamp) -> bool;
        media_of(lender: &LenderId, conversation: ConversationId, wamids: &[Wamid]) -> Vec<StoredMedia>;
        open_media(
            lender: &LenderId,
            conversation: ConversationId,
            id: InboxId,
            by: Opening,
            now: Timestamp
        ) -> Option<OpenedMedia>;
    }
    own {}
}

port! { FlowVersionStore;
    pass {
        save_flow_version(hash: &FlowHash, files: &FlowFiles, now: Timestamp) -> ();
        flow_version(hash: &FlowHash) -> Option<FlowFiles>;
        pinned_hashes() -> Vec<FlowHash>;
    }
    own {}
}

port! { SwitchStore;
    pass {
        stop(stop: &Stop) -> ();
        lift(lender: &LenderId, scope: &str) -> bool;
        stops() -> Vec<Stop>;
        ping(now: Timestamp) -> ();
        schema_version() -> (i64, i64);
        take_over(now: Timestamp, doubt: Millis) -> TakenOver;
    }
    own {}
}

/// The clock of one process.
pub struct ProcessClock {
    pub sim: Arc<Sim>,
    pub process: usize,
}

impl Clock for ProcessClock {
    fn now(&self) -> Timestamp {
        self.sim.clock_of(self.process)
    }
}

/// Ids and jitter that follow from the seed.
pub struct SeededRandom(pub Arc<Sim>);

impl Random for SeededRandom {
    fn uuid(&self, now: Timestamp) -> Uuid {
        self.0.uuid(now)
    }

    fn secret(&self) -> [u8; 32] {
        std::array::from_fn(|_| self.0.core().drawn().next().to_be_bytes()[0])
    }

    fn below(&self, bound: u64) -> u64 {
        self.0.core().drawn().below(bound)
    }
}
