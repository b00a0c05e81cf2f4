-- Times are epoch milliseconds, ids 16-byte UUIDs, money minor units, documents JSON text, flags 0 or 1.
-- Every row carries its lender unless its table says why not. Partial indexes keep the cost of pending work
-- independent of history. The PostgreSQL file of the same number has the same tables and columns.

-- Raw deliveries as Meta signed them. They carry no lender: one body may hold updates of several numbers.
CREATE TABLE deliveries (
  id BLOB NOT NULL PRIMARY KEY,
  received_at INTEGER NOT NULL,
  body BLOB NOT NULL,
  unreadable TEXT
) STRICT;
CREATE INDEX deliveries_unreadable ON deliveries (received_at) WHERE unreadable IS NOT NULL;

-- What happened to a conversation, in order of arrival (seq). Pending while done_at is null.
CREATE TABLE inputs (
  seq INTEGER NOT NULL PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  lender TEXT NOT NULL,
  conversation_id BLOB NOT NULL,
  dedupe_key TEXT UNIQUE,
  body TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  failures INTEGER NOT NULL DEFAULT 0,
  done_at INTEGER
) STRICT;
CREATE INDEX inputs_pending ON inputs (conversation_id, seq) WHERE done_at IS NULL;

-- Everything of a webhook that is not an input: statuses, preferences, news of the account, foreign and unknown items.
CREATE TABLE notices (
  seq INTEGER NOT NULL PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  lender TEXT,
  kind TEXT NOT NULL,
  dedupe_key TEXT NOT NULL UNIQUE,
  body TEXT NOT NULL,
  -- The message that a status is about, to wake a parked status once the message is known.
  wamid TEXT,
  -- When to look (again): a status without its message waits longer each time.
  next_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  done_at INTEGER,
  outcome TEXT CHECK (outcome IN ('applied', 'unmatched', 'handled', 'foreign')),
  CHECK ((done_at IS NULL) = (outcome IS NULL))
) STRICT;
CREATE INDEX notices_pending ON notices (seq) WHERE done_at IS NULL AND kind <> 'status';
CREATE INDEX notices_statuses ON notices (next_at, seq) WHERE done_at IS NULL AND kind = 'status';
CREATE INDEX notices_parked ON notices (wamid) WHERE done_at IS NULL AND kind = 'status';

-- One chat between a number of ours and one WhatsApp account, with the snapshot of its session.
CREATE TABLE conversations (
  id BLOB NOT NULL PRIMARY KEY,
  lender TEXT NOT NULL,
  phone_number_id TEXT NOT NULL,
  wa_id TEXT,
  bsuid TEXT,
  profile_name TEXT,
  person_id BLOB,
  identity_conflict INTEGER NOT NULL DEFAULT 0,
  session TEXT,
  flow_hash TEXT,
  assurance TEXT NOT NULL DEFAULT 'ninguna' CHECK (assurance IN ('ninguna', 'canal', 'verificada', 'reforzada')),
  version INTEGER NOT NULL DEFAULT 0,
  last_event_seq INTEGER NOT NULL DEFAULT 0,
  -- Fencing: rises with each claim; a commit with an older token is refused.
  lease_token INTEGER NOT NULL DEFAULT 0,
  leased_until INTEGER NOT NULL DEFAULT 0,
  -- The earliest time of the next claim; null while no input is pending. Claiming is one range scan of its index.
  next_claim_at INTEGER,
  last_inbound_at INTEGER,
  last_inbound_wamid TEXT,
  opted_out INTEGER NOT NULL DEFAULT 0,
  ticket_id BLOB,
  created_at INTEGER NOT NULL,
  CHECK (wa_id IS NOT NULL OR bsuid IS NOT NULL)
) STRICT;
-- The address comes first: it is also looked up over all numbers of a lender (opt-out, tries of identity).
CREATE UNIQUE INDEX conversations_wa_id ON conversations (wa_id, phone_number_id, lender) WHERE wa_id IS NOT NULL;
CREATE UNIQUE INDEX conversations_bsuid ON conversations (bsuid, phone_number_id, lender) WHERE bsuid IS NOT NULL;
CREATE INDEX conversations_claimable ON conversations (next_claim_at) WHERE next_claim_at IS NOT NULL;

-- Addresses that a conversation had until WhatsApp told us of a change.
CREATE TABLE conversation_aliases (
  conversation_id BLOB NOT NULL REFERENCES conversations (id),
  lender TEXT NOT NULL,
  phone_number_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('wa_id', 'bsuid')),
  value TEXT NOT NULL,
  ended_at INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, kind, value, ended_at)
) STRICT;

-- The append-only log: what came in and what it caused.
-- Here and in the other hot tables no foreign key is checked per row: rows are written under their conversation's lock.
CREATE TABLE events (
  conversation_id BLOB NOT NULL,
  seq INTEGER NOT NULL,
  lender TEXT NOT NULL,
  turn INTEGER NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, seq)
) STRICT;

-- Our messages, in order of seq within a conversation. Queued, sending and in_doubt rows are live: only the first may go.
CREATE TABLE outbox (
  seq INTEGER NOT NULL PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  lender TEXT NOT NULL,
  conversation_id BLOB NOT NULL,
  content TEXT NOT NULL,
  label TEXT NOT NULL CHECK (label IN ('publico', 'contacto', 'deuda', 'pago')),
  origin TEXT NOT NULL CHECK (origin IN ('reply', 'proactive', 'agent')),
  -- An agent's message with the right under which it was written.
  ticket_id BLOB,
  ticket_token INTEGER,
  agent_id BLOB,
  status TEXT NOT NULL CHECK (status IN ('queued', 'sending', 'accepted', 'in_doubt', 'unconfirmed', 'refused')),
  due_at INTEGER NOT NULL,
  lease_token INTEGER NOT NULL DEFAULT 0,
  leased_until INTEGER NOT NULL DEFAULT 0,
  doubt_until INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  wamid TEXT,
  delivery_rank INTEGER NOT NULL DEFAULT 0 CHECK (delivery_rank BETWEEN -1 AND 4),
  why TEXT,
  code INTEGER,
  created_at INTEGER NOT NULL,
  finished_at INTEGER,
  CHECK ((ticket_id IS NULL) = (ticket_token IS NULL) AND (ticket_id IS NULL) = (agent_id IS NULL))
) STRICT;
CREATE INDEX outbox_live ON outbox (conversation_id, seq) WHERE status IN ('queued', 'sending', 'in_doubt');
CREATE INDEX outbox_due ON outbox (due_at, seq) WHERE status = 'queued';
CREATE INDEX outbox_sending ON outbox (leased_until) WHERE status = 'sending';
CREATE INDEX outbox_doubt ON outbox (doubt_until) WHERE status = 'in_doubt';
CREATE INDEX outbox_agent ON outbox (ticket_id) WHERE status = 'queued' AND ticket_id IS NOT NULL;
CREATE INDEX outbox_wamid ON outbox (wamid) WHERE wamid IS NOT NULL;
CREATE INDEX outbox_conversation ON outbox (conversation_id, seq);

CREATE TABLE timers (
  id BLOB NOT NULL PRIMARY KEY,
  lender TEXT NOT NULL,
  conversation_id BLOB NOT NULL,
  name TEXT NOT NULL,
  turn INTEGER NOT NULL,
  due INTEGER NOT NULL
) STRICT;
CREATE INDEX timers_due ON timers (due);
CREATE INDEX timers_conversation ON timers (conversation_id);

CREATE TABLE persons (
  id BLOB NOT NULL PRIMARY KEY,
  lender TEXT NOT NULL,
  external_ref TEXT NOT NULL,
  full_name TEXT NOT NULL,
  first_name TEXT NOT NULL,
  document_type TEXT NOT NULL,
  document TEXT NOT NULL,
  birth_date TEXT,
  language TEXT NOT NULL,
  phones TEXT NOT NULL,
  -- The newest balance of the import that wrote the row; null when it brought none.
  as_of INTEGER,
  updated_at INTEGER NOT NULL,
  UNIQUE (lender, external_ref)
) STRICT;

-- Contact points on file. A wrong one keeps its mark over imports.
CREATE TABLE person_phones (
  lender TEXT NOT NULL,
  phone TEXT NOT NULL,
  person_id BLOB NOT NULL REFERENCES persons (id),
  wrong_at INTEGER,
  PRIMARY KEY (lender, phone, person_id)
) STRICT;
CREATE INDEX person_phones_person ON person_phones (person_id);

CREATE TABLE obligations (
  id BLOB NOT NULL PRIMARY KEY,
  lender TEXT NOT NULL,
  person_id BLOB NOT NULL REFERENCES persons (id),
  external_ref TEXT NOT NULL,
  product TEXT NOT NULL,
  product_name TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'settled', 'disputed', 'written_off')),
  currency TEXT NOT NULL,
  principal_minor INTEGER NOT NULL,
  interest_minor INTEGER NOT NULL,
  late_interest_minor INTEGER NOT NULL,
  fees_minor INTEGER NOT NULL,
  principal_outstanding_minor INTEGER NOT NULL,
  as_of INTEGER NOT NULL,
  oldest_unpaid_due TEXT,
  next_due TEXT,
  instalments TEXT NOT NULL,
  rate_ea_bps INTEGER,
  updated_at INTEGER NOT NULL,
  UNIQUE (lender, external_ref)
) STRICT;
CREATE INDEX obligations_person ON obligations (person_id);

-- Persons and obligations of the following records are not checked by foreign keys: one row that cannot be
-- written would refuse a whole batch of turns, and these records must outlive a later clean-up of debtors.
CREATE TABLE agreements (
  id BLOB NOT NULL PRIMARY KEY,
  lender TEXT NOT NULL,
  conversation_id BLOB,
  person_id BLOB NOT NULL,
  obligation_id BLOB NOT NULL,
  once_key TEXT NOT NULL,
  status TEXT NOT NULL
    CHECK (status IN ('proposed', 'accepted', 'active', 'kept', 'broken', 'superseded', 'cancelled')),
  kind TEXT NOT NULL CHECK (kind IN ('promise', 'instalment_plan', 'refinancing', 'settlement')),
  currency TEXT NOT NULL,
  total_minor INTEGER NOT NULL,
  discount_minor INTEGER NOT NULL,
  offer TEXT NOT NULL,
  evidence TEXT NOT NULL,
  reference TEXT NOT NULL,
  accepted_at INTEGER NOT NULL,
  UNIQUE (lender, once_key)
) STRICT;
CREATE INDEX agreements_person ON agreements (person_id);

CREATE TABLE payment_claims (
  id BLOB NOT NULL PRIMARY KEY,
  lender TEXT NOT NULL,
  conversation_id BLOB,
  person_id BLOB,
  obligation_id BLOB,
  body TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX payment_claims_person ON payment_claims (person_id);

CREATE TABLE cases (
  id BLOB NOT NULL PRIMARY KEY,
  lender TEXT NOT NULL,
  conversation_id BLOB,
  person_id BLOB,
  obligation_id BLOB,
  kind TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
  body TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX cases_person ON cases (person_id);

-- The ledger of opt-outs and opt-ins: who, when, how. Never changed.
CREATE TABLE opt_outs (
  seq INTEGER NOT NULL PRIMARY KEY,
  lender TEXT NOT NULL,
  conversation_id BLOB,
  wa_id TEXT,
  bsuid TEXT,
  scope TEXT NOT NULL CHECK (scope IN ('all', 'marketing')),
  stop INTEGER NOT NULL,
  source TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX opt_outs_wa_id ON opt_outs (wa_id) WHERE wa_id IS NOT NULL;
CREATE INDEX opt_outs_bsuid ON opt_outs (bsuid) WHERE bsuid IS NOT NULL;

-- Tries of the identity challenge; each counts for the address and for every candidate.
CREATE TABLE identity_tries (
  seq INTEGER NOT NULL PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  lender TEXT NOT NULL,
  conversation_id BLOB NOT NULL,
  passed_person BLOB,
  starts_challenge INTEGER NOT NULL,
  locked_until INTEGER,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX identity_tries_conversation ON identity_tries (conversation_id, at);

CREATE TABLE identity_try_persons (
  try_id BLOB NOT NULL,
  person_id BLOB NOT NULL,
  lender TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (try_id, person_id)
) STRICT;
CREATE INDEX identity_try_persons_person ON identity_try_persons (person_id, at);

CREATE TABLE tickets (
  id BLOB NOT NULL PRIMARY KEY,
  lender TEXT NOT NULL,
  conversation_id BLOB NOT NULL,
  queue TEXT NOT NULL,
  priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 3),
  reason TEXT NOT NULL,
  summary TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('queued', 'assigned', 'closed')),
  -- The newest agent; kept when the ticket is queued again or closed.
  agent_id BLOB,
  lease_token INTEGER NOT NULL DEFAULT 0,
  leased_until INTEGER NOT NULL DEFAULT 0,
  -- The person waits for a human's word since waiting_since.
  waiting INTEGER NOT NULL DEFAULT 1,
  waiting_since INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  -- The version that the live queue knows.
  published_version INTEGER NOT NULL DEFAULT 0,
  opened_at INTEGER NOT NULL,
  first_response_at INTEGER,
  closed_at INTEGER,
  outcome TEXT,
  CHECK (status <> 'assigned' OR agent_id IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX tickets_open ON tickets (conversation_id) WHERE status <> 'closed';
CREATE INDEX tickets_waiting ON tickets (waiting_since) WHERE status <> 'closed';
CREATE INDEX tickets_lease ON tickets (leased_until) WHERE status = 'assigned';
CREATE INDEX tickets_unpublished ON tickets (id) WHERE version > published_version AND status <> 'assigned';
CREATE INDEX tickets_lender ON tickets (lender, opened_at);

CREATE TABLE agents (
  id BLOB NOT NULL PRIMARY KEY,
  lender TEXT NOT NULL,
  name TEXT NOT NULL,
  queues TEXT NOT NULL,
  active INTEGER NOT NULL,
  token_sha256 BLOB NOT NULL UNIQUE,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX agents_lender ON agents (lender);

-- Files of published flows by their content hash; equal files of two lenders are one row.
CREATE TABLE flow_versions (
  hash TEXT NOT NULL PRIMARY KEY,
  files TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE stops (
  lender TEXT NOT NULL,
  scope TEXT NOT NULL,
  reason TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (lender, scope)
) STRICT;

-- Written by the readiness check, to prove that the store can write.
CREATE TABLE heartbeats (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  at INTEGER NOT NULL
) STRICT;
