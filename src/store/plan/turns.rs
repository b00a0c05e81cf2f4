//! Which commits of a batch may be applied, and all their rows flattened for bulk statements.

use super::tries;
pub(in crate::store) use super::turn_rows::*;
use crate::domain::ids::derive;
use crate::ports::StoreError;
use crate::ports::conversations::{CommitRefused, Event, Origin, TurnCommit};
use crate::ports::records::{IdentityTry, NewTicket, OptOutScope, Record};
use crate::store::rows::conversations::{LOG, LogEntry, Timers};
use crate::store::rows::dead_letters::DeadTurnRow;
use crate::store::rows::media::NewMediaRow;
use crate::store::rows::outbox::NewOutboxRow;
use crate::store::rows::people::{AgreementRow, DocumentRow, scoped_key};
use crate::store::rows::{clean, json, name_of};
use sqlx::FromRow;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A conversation under its lock, as far as a commit judges and changes it.
#[derive(Debug, Clone, FromRow)]
pub(in crate::store) struct LockedConversation {
    pub id: Uuid,
    pub lender: String,
    pub wa_id: Option<String>,
    pub bsuid: Option<String>,
    pub version: i64,
    pub lease_token: i64,
    pub last_event_seq: i64,
    pub ticket_id: Option<Uuid>,
    pub opted_out: bool,
}

pub(in crate::store) type Locked = HashMap<Uuid, LockedConversation>;

/// Agreements that exist already, by (lender, once key as it is stored).
pub(in crate::store) type OnceKeys = HashSet<(String, String)>;

/// What is stored already and may refuse a commit.
#[derive(Debug, Default)]
pub(in crate::store) struct Stored {
    pub once: OnceKeys,
    /// The newest try of identity that counts for each conversation whose commit brings tries.
    pub tries: HashMap<Uuid, i64>,
}

/// The rows of all accepted commits of one transaction; no conversation occurs twice.
#[derive(Debug, Default)]
pub(in crate::store) struct TurnBatch {
    pub conversations: Vec<ConversationChange>,
    pub consumed: Vec<ConsumedRow>,
    pub withheld: Vec<WithheldRow>,
    pub events: Vec<EventRow>,
    /// Before `outbox`: what these turns say stays.
    pub withdrawn: Vec<WithdrawnRow>,
    pub outbox: Vec<NewOutboxRow>,
    pub agreements: Vec<AgreementRow>,
    pub claims: Vec<DocumentRow>,
    pub cases: Vec<DocumentRow>,
    pub opt_outs: Vec<OptOutRow>,
    pub tries: Vec<TryRow>,
    pub try_persons: Vec<TryPersonRow>,
    pub wrong_numbers: Vec<WrongNumberRow>,
    pub reserved: Vec<ReservedRow>,
    pub proofs: Vec<ProofRow>,
    pub closed: Vec<TicketTouchRow>,
    pub opened: Vec<OpenedRow>,
    pub raised: Vec<RaisedRow>,
    pub spoke: Vec<TicketTouchRow>,
    pub dead: Vec<DeadTurnRow>,
    pub media: Vec<NewMediaRow>,
}

/// Splits a batch so that no part holds two commits of one conversation: the second sees what the first left.
pub(in crate::store) fn waves(commits: &[TurnCommit]) -> Vec<Vec<usize>> {
    let mut waves: Vec<Vec<usize>> = Vec::new();
    let mut depth: HashMap<Uuid, usize> = HashMap::new();
    for (index, commit) in commits.iter().enumerate() {
        let wave = depth.entry(commit.conversation.0).or_default();
        if waves.len() == *wave {
            waves.push(Vec::new());
        }
        waves[*wave].push(index);
        *wave += 1;
    }
    waves
}

/// The `once` keys of a batch with the lenders of their conversations, to be looked up before deciding.
pub(in crate::store) fn once_keys(commits: &[&TurnCommit], locked: &Locked) -> (Vec<String>, Vec<String>) {
    let pairs = commits.iter().filter_map(|commit| Some((commit, locked.get(&commit.conversation.0)?)));
    pairs.flat_map(|(commit, row)| agreement_keys(commit).map(|(key, _)| (row.lender.clone(), key))).unzip()
}

/// Judges each commit: a stale claim; a `once` key that exists, or that an earlier commit of the batch takes; a try of
/// identity that was judged without one that is stored, or that an earlier commit of the batch brings.
pub(in crate::store) fn judge(
    commits: &[&TurnCommit],
    locked: &Locked,
    stored: Stored,
) -> Vec<Result<(), CommitRefused>> {
    let Stored { once: mut taken, tries: newest } = stored;
    let mut tried: HashSet<String> = HashSet::new();
    let mut verdict = |commit: &TurnCommit| {
        let row = locked.get(&commit.conversation.0).ok_or(CommitRefused::Stale)?;
        if row.lease_token != commit.token || row.version != commit.expected_version {
            return Err(CommitRefused::Stale);
        }
        let mut keys = HashSet::new();
        for (key, given) in agreement_keys(commit) {
            let pair = (row.lender.clone(), key);
            if taken.contains(&pair) || !keys.insert(pair) {
                return Err(CommitRefused::Once(given.to_owned()));
            }
        }
        let newest = newest.get(&row.id).copied().unwrap_or(0);
        let scopes = tries::scopes(commit, row);
        if tries::tries_of(commit).any(|judged| judged.judged_after < newest)
            || !tried.is_disjoint(&scopes.iter().cloned().collect())
        {
            return Err(CommitRefused::Tried);
        }
        taken.extend(keys);
        tried.extend(scopes);
        Ok(())
    };
    commits.iter().map(|commit| verdict(commit)).collect()
}

/// The `once` keys of a commit, as they are stored and as they were given.
fn agreement_keys(commit: &TurnCommit) -> impl Iterator<Item = (String, &str)> {
    commit.records.iter().filter_map(|record| {
        let Record::Agreement(agreement) = record else { return None };
        let (person, debt) = (agreement.person.0, agreement.offer.obligation.0);
        Some((scoped_key(person, debt, &agreement.once_key), agreement.once_key.as_str()))
    })
}

impl TurnBatch {
    /// Flattens the commits that were not refused.
    pub fn of(
        commits: &[&TurnCommit],
        verdicts: &[Result<(), CommitRefused>],
        locked: &Locked,
    ) -> Result<Self, StoreError> {
        let mut batch = Self::default();
        for (commit, verdict) in commits.iter().zip(verdicts) {
            if let (Ok(()), Some(row)) = (verdict, locked.get(&commit.conversation.0)) {
                batch.add(commit, row)?;
            }
        }
        Ok(batch)
    }

    fn add(&mut self, commit: &TurnCommit, row: &LockedConversation) -> Result<(), StoreError> {
        let mut change = ConversationChange {
            id: row.id,
            session: commit.session.as_str().to_owned(),
            flow_hash: (!commit.flow_hash.is_empty()).then(|| commit.flow_hash.clone()),
            assurance: commit.assurance.name(),
            person: commit.person.map(|id| id.0),
            last_event_seq: row.last_event_seq,
            ticket: row.ticket_id,
            opted_out: row.opted_out,
            timers: commit.timers.as_deref().map(Timers::write).transpose()?,
            release: commit.release,
        };
        for (index, record) in commit.records.iter().enumerate() {
            self.add_record(commit, row, &mut change, index, record)?;
        }
        self.events.extend(log_rows(commit, row)?);
        change.last_event_seq += i64::try_from(commit.events.len()).unwrap_or(i64::MAX);
        for message in &commit.outbox {
            self.outbox.push(NewOutboxRow {
                id: message.id.0,
                lender: row.lender.clone(),
                conversation: row.id,
                content: json(&message.content)?,
                label: message.label.name(),
                origin: name_of(&message.origin)?,
                agent: None,
                now: commit.now.0,
                trace: commit.trace.map(|trace| trace.0),
                subject: message.subject.map(|person| person.0),
            });
        }
        self.consumed.extend(commit.consumed.iter().map(|input| ConsumedRow {
            conversation: row.id,
            input: input.0,
            done_at: commit.now.0,
        }));
        for (input, kind) in &commit.withheld {
            self.withheld.push(WithheldRow { conversation: row.id, input: input.0, body: json(kind)? });
        }
        self.conversations.push(change);
        Ok(())
    }

    fn add_record(
        &mut self,
        commit: &TurnCommit,
        row: &LockedConversation,
        change: &mut ConversationChange,
        index: usize,
        record: &Record,
    ) -> Result<(), StoreError> {
        let lender = || row.lender.clone();
        let at = commit.now.0;
        match record {
            // The lender of the conversation, whatever the record says: nothing crosses lenders.
            Record::Agreement(agreement) => self
                .agreements
                .push(AgreementRow { lender: lender(), ..AgreementRow::write(agreement, Some(row.id))? }),
            Record::Claim(claim) => {
                self.claims.push(DocumentRow { lender: lender(), ..DocumentRow::claim(claim, row.id)? });
            }
            Record::Case(case) => {
                // Twice in one turn is once: a statement of PostgreSQL touches no row twice.
                if self.cases.iter().all(|known| known.id != case.id.0) {
                    self.cases.push(DocumentRow { lender: lender(), ..DocumentRow::case(case, row.id)? });
                }
            }
            Record::OptOut { scope, source } => {
                if *scope == OptOutScope::All {
                    change.opted_out = true;
                    for origin in [Origin::Reply, Origin::Proactive] {
                        self.withdrawn.push(WithdrawnRow::of(row, origin, "opted_out", at)?);
                    }
                }
                self.opt_outs.push(OptOutRow::of(row, scope_name(*scope), true, source, at));
            }
            Record::OptIn { source } => {
                change.opted_out = false;
                self.opt_outs.push(OptOutRow::of(row, scope_name(OptOutScope::All), false, source, at));
            }
            Record::IdentityTry(identity_try) => {
                let id = derive(&row.id, &format!("try/{}/{index}", row.version));
                self.add_try(row, id, identity_try);
            }
            Record::WrongNumber { person } => {
                change.person = None;
                self.wrong_numbers.extend(row.wa_id.as_ref().map(|phone| WrongNumberRow {
                    lender: lender(),
                    phone: phone.clone(),
                    person: person.map(|id| id.0),
                    at,
                }));
            }
            Record::Reserve { person, reserved } => {
                let reserved = reserved.as_deref().map(clean);
                self.reserved.push(ReservedRow { lender: lender(), person: person.0, reserved });
            }
            // One open ticket per conversation: the first one stays, and is raised by a later reason.
            Record::OpenTicket(ticket) if change.ticket.is_some() => {
                self.raise(row, change.ticket, ticket, at)?;
            }
            Record::OpenTicket(ticket) => {
                change.ticket = Some(ticket.id.0);
                self.opened.push(OpenedRow {
                    id: ticket.id.0,
                    lender: lender(),
                    conversation: row.id,
                    queue: clean(&ticket.queue),
                    priority: i64::from(ticket.priority.rank()),
                    reason: clean(&ticket.reason),
                    summary: json(&ticket.summary)?,
                    at,
                    outcome: None,
                });
            }
            Record::CustomerSpoke { ticket } => {
                self.spoke.push(TicketTouchRow::of(row, ticket.0, None, at));
            }
            Record::Withdraw { origin, why } => {
                self.withdrawn.push(WithdrawnRow::of(row, *origin, why, at)?);
            }
            Record::SetAside(dead) => {
                self.dead.push(DeadTurnRow::write(dead, &row.lender, row.id, at)?);
            }
            Record::Media(media) => {
                self.media.push(NewMediaRow::write(media, &row.lender, row.id, at));
            }
            Record::Proved(proved) => self.proofs.push(ProofRow {
                conversation: row.id,
                from_seq: row.last_event_seq + 1 + i64::try_from(proved.events_before).unwrap_or(i64::MAX),
                lender: lender(),
                since: proved.since.0,
                person: proved.person.map(|id| id.0),
            }),
            Record::CloseTicket { ticket, outcome } => {
                if change.ticket == Some(ticket.0) {
                    change.ticket = None;
                }
                match self.opened.iter_mut().find(|opened| opened.id == ticket.0) {
                    Some(opened) => opened.outcome = Some(clean(outcome)),
                    None => self.closed.push(TicketTouchRow::of(row, ticket.0, Some(clean(outcome)), at)),
                }
            }
        }
        Ok(())
    }

    fn raise(
        &mut self,
        row: &LockedConversation,
        open: Option<Uuid>,
        ticket: &NewTicket,
        at: i64,
    ) -> Result<(), StoreError> {
        let Some(id) = open else { return Ok(()) };
        let priority = i64::from(ticket.priority.rank());
        let (reason, summary) = (clean(&ticket.reason), json(&ticket.summary)?);
        match self.opened.iter_mut().find(|opened| opened.id == id) {
            Some(opened) => {
                opened.priority = opened.priority.min(priority);
                (opened.reason, opened.summary) = (reason, summary);
            }
            None => self.raised.push(RaisedRow {
                id,
                lender: row.lender.clone(),
                conversation: row.id,
                priority,
                reason,
                summary,
                at,
            }),
        }
        Ok(())
    }

    fn add_try(&mut self, row: &LockedConversation, id: Uuid, identity_try: &IdentityTry) {
        self.tries.push(TryRow {
            id,
            lender: row.lender.clone(),
            conversation: row.id,
            passed: identity_try.passed.map(|person| person.0),
            starts_challenge: identity_try.starts_challenge,
            locked_until: identity_try.locked_until.map(|until| until.0),
            at: identity_try.at.0,
        });
        let persons: HashSet<Uuid> =
            identity_try.candidates.iter().chain(&identity_try.passed).map(|person| person.0).collect();
        self.try_persons.extend(persons.into_iter().map(|person| TryPersonRow {
            try_id: id,
            person,
            lender: row.lender.clone(),
            at: identity_try.at.0,
        }));
    }
}

/// All entries of a commit in one row; in several where it changes whose words they are.
fn log_rows(commit: &TurnCommit, row: &LockedConversation) -> Result<Vec<EventRow>, StoreError> {
    let mut rows = Vec::new();
    let mut from = 0;
    let changes = commit.records.iter().filter_map(|record| {
        if let Record::Proved(proved) = record { Some(proved.events_before) } else { None }
    });
    for to in changes.chain([commit.events.len()]) {
        rows.extend(log_row(commit.events.get(from..to).unwrap_or_default(), from, row)?);
        from = from.max(to);
    }
    Ok(rows)
}

/// These entries in one row, which come behind `before` others of the commit.
fn log_row(
    events: &[Event],
    before: usize,
    row: &LockedConversation,
) -> Result<Option<EventRow>, StoreError> {
    let Some(last) = events.last() else { return Ok(None) };
    let first = row.last_event_seq + 1 + i64::try_from(before).unwrap_or(i64::MAX);
    let entries: Vec<LogEntry<'_>> = (first..)
        .zip(events)
        .map(|(seq, event)| LogEntry {
            seq,
            turn: event.turn,
            kind: Cow::Borrowed(&event.kind),
            at: event.at.0,
            body: Cow::Borrowed(&event.body),
        })
        .collect();
    Ok(Some(EventRow {
        conversation: row.id,
        seq: entries.last().map_or(row.last_event_seq, |entry| entry.seq),
        lender: row.lender.clone(),
        turn: number(last.turn),
        kind: LOG.to_owned(),
        body: json(&entries)?,
        at: last.at.0,
    }))
}

impl OptOutRow {
    fn of(row: &LockedConversation, scope: &'static str, stop: bool, source: &str, at: i64) -> Self {
        Self {
            lender: row.lender.clone(),
            conversation: Some(row.id),
            wa_id: row.wa_id.clone(),
            bsuid: row.bsuid.clone(),
            scope,
            stop,
            source: clean(source),
            at,
        }
    }
}

impl WithdrawnRow {
    fn of(row: &LockedConversation, origin: Origin, why: &str, at: i64) -> Result<Self, StoreError> {
        Ok(Self { conversation: row.id, origin: name_of(&origin)?, why: clean(why), at })
    }
}

impl TicketTouchRow {
    fn of(row: &LockedConversation, id: Uuid, outcome: Option<String>, at: i64) -> Self {
        Self { id, lender: row.lender.clone(), conversation: row.id, outcome, at }
    }
}

pub(in crate::store) const fn scope_name(scope: OptOutScope) -> &'static str {
    match scope {
        OptOutScope::All => "all",
        OptOutScope::Marketing => "marketing",
    }
}

/// Turn numbers stay far below `i64::MAX`: each needs a commit.
fn number(turn: u64) -> i64 {
    i64::try_from(turn).unwrap_or(i64::MAX)
}
