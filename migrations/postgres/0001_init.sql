-- Times are epoch milliseconds, money minor units. Documents are `json`, not `jsonb`: they are kept exactly as
-- written, and `jsonb` refuses the escape \u0000, with which one message could block a whole batch of webhooks.
-- Every row carries its lender unless its table says why not. Partial indexes keep the cost of pending work
-- independent of history. The SQLite file of the same number has the same tables and columns.

-- Raw deliveries as Meta signed them. They carry no lender: one body may hold updates of several numbers.
CREATE TABLE deliveries (
  id uuid NOT NULL PRIMARY KEY,
  received_at bigint NOT NULL,
  body bytea NOT NULL,
  unreadable text
);
CREATE INDEX deliveries_unreadable ON deliveries (received_at) WHERE unreadable IS NOT NULL;

-- What happened to a conversation, in order of arrival (seq). Pending while done_at is null.
CREATE TABLE inputs (
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL UNIQUE,
  lender text NOT NULL,
  conversation_id uuid NOT NULL,
  dedupe_key text UNIQUE,
  body json NOT NULL,
  received_at bigint NOT NULL,
  failures bigint NOT NULL DEFAULT 0,
  done_at bigint
);
CREATE INDEX inputs_pending ON inputs (conversation_id, seq) WHERE done_at IS NULL;

-- Everything of a webhook that is not an input: statuses, preferences, news of the account, foreign and unknown items.
CREATE TABLE notices (
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL UNIQUE,
  lender text,
  kind text NOT NULL,
  dedupe_key text NOT NULL UNIQUE,
  body json NOT NULL,
  -- The message that a status is about, to wake a parked status once the message is known.
  wamid text,
  -- When to look (again): a status without its message waits longer each time.
  next_at bigint NOT NULL,
  received_at bigint NOT NULL,
  done_at bigint,
  outcome text CHECK (outcome IN ('applied', 'unmatched', 'handled', 'foreign')),
  CHECK ((done_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX notices_pending ON notices (seq) WHERE done_at IS NULL AND kind <> 'status';
CREATE INDEX notices_statuses ON notices (next_at, seq) WHERE done_at IS NULL AND kind = 'status';
CREATE INDEX notices_parked ON notices (wamid) WHERE done_at IS NULL AND kind = 'status';

-- One chat between a number of ours and one WhatsApp account, with the snapshot of its session.
CREATE TABLE conversations (
  id uuid NOT NULL PRIMARY KEY,
  lender text NOT NULL,
  phone_number_id text NOT NULL,
  wa_id text,
  bsuid text,
  profile_name text,
  person_id uuid,
  identity_conflict boolean NOT NULL DEFAULT false,
  session json,
  flow_hash text,
  assurance text NOT NULL DEFAULT 'ninguna' CHECK (assurance IN ('ninguna', 'canal', 'verificada', 'reforzada')),
  version bigint NOT NULL DEFAULT 0,
  last_event_seq bigint NOT NULL DEFAULT 0,
  -- Fencing: rises with each claim; a commit with an older token is refused.
  lease_token bigint NOT NULL DEFAULT 0,
  leased_until bigint NOT NULL DEFAULT 0,
  -- The earliest time of the next claim; null while no input is pending. Claiming is one range scan of its index.
  next_claim_at bigint,
  last_inbound_at bigint,
  last_inbound_wamid text,
  opted_out boolean NOT NULL DEFAULT false,
  ticket_id uuid,
  created_at bigint NOT NULL,
  CHECK (wa_id IS NOT NULL OR bsuid IS NOT NULL)
) WITH (fillfactor = 70);
-- The address comes first: it is also looked up over all numbers of a lender (opt-out, tries of identity).
CREATE UNIQUE INDEX conversations_wa_id ON conversations (wa_id, phone_number_id, lender) WHERE wa_id IS NOT NULL;
CREATE UNIQUE INDEX conversations_bsuid ON conversations (bsuid, phone_number_id, lender) WHERE bsuid IS NOT NULL;
CREATE INDEX conversations_claimable ON conversations (next_claim_at) WHERE next_claim_at IS NOT NULL;

-- Addresses that a conversation had until WhatsApp told us of a change.
CREATE TABLE conversation_aliases (
  conversation_id uuid NOT NULL REFERENCES conversations (id),
  lender text NOT NULL,
  phone_number_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('wa_id', 'bsuid')),
  value text NOT NULL,
  ended_at bigint NOT NULL,
  PRIMARY KEY (conversation_id, kind, value, ended_at)
);

-- The append-only log: what came in and what it caused.
-- Here and in the other hot tables no foreign key is checked per row: rows are written under their conversation's lock.
CREATE TABLE events (
  conversation_id uuid NOT NULL,
  seq bigint NOT NULL,
  lender text NOT NULL,
  turn bigint NOT NULL,
  kind text NOT NULL,
  body json NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (conversation_id, seq)
);

-- Our messages, in order of seq within a conversation. Queued, sending and in_doubt rows are live: only the first may go.
CREATE TABLE outbox (
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL UNIQUE,
  lender text NOT NULL,
  conversation_id uuid NOT NULL,
  content json NOT NULL,
  label text NOT NULL CHECK (label IN ('publico', 'contacto', 'deuda', 'pago')),
  origin text NOT NULL CHECK (origin IN ('reply', 'proactive', 'agent')),
  -- An agent's message with the right under which it was written.
  ticket_id uuid,
  ticket_token bigint,
  agent_id uuid,
  status text NOT NULL CHECK (status IN ('queued', 'sending', 'accepted', 'in_doubt', 'unconfirmed', 'refused')),
  due_at bigint NOT NULL,
  lease_token bigint NOT NULL DEFAULT 0,
  leased_until bigint NOT NULL DEFAULT 0,
  doubt_until bigint,
  attempts bigint NOT NULL DEFAULT 0,
  wamid text,
  delivery_rank bigint NOT NULL DEFAULT 0 CHECK (delivery_rank BETWEEN -1 AND 4),
  why text,
  code bigint,
  created_at bigint NOT NULL,
  finished_at bigint,
  CHECK ((ticket_id IS NULL) = (ticket_token IS NULL) AND (ticket_id IS NULL) = (agent_id IS NULL))
);
CREATE INDEX outbox_live ON outbox (conversation_id, seq) WHERE status IN ('queued', 'sending', 'in_doubt');
CREATE INDEX outbox_due ON outbox (due_at, seq) WHERE status = 'queued';
CREATE INDEX outbox_sending ON outbox (leased_until) WHERE status = 'sending';
CREATE INDEX outbox_doubt ON outbox (doubt_until) WHERE status = 'in_doubt';
CREATE INDEX outbox_agent ON outbox (ticket_id) WHERE status = 'queued' AND ticket_id IS NOT NULL;
CREATE INDEX outbox_wamid ON outbox (wamid) WHERE wamid IS NOT NULL;
CREATE INDEX outbox_conversation ON outbox (conversation_id, seq);

CREATE TABLE timers (
  id uuid NOT NULL PRIMARY KEY,
  lender text NOT NULL,
  conversation_id uuid NOT NULL,
  name text NOT NULL,
  turn bigint NOT NULL,
  due bigint NOT NULL
);
CREATE INDEX timers_due ON timers (due);
CREATE INDEX timers_conversation ON timers (conversation_id);

CREATE TABLE persons (
  id uuid NOT NULL PRIMARY KEY,
  lender text NOT NULL,
  external_ref text NOT NULL,
  full_name text NOT NULL,
  first_name text NOT NULL,
  document_type text NOT NULL,
  document text NOT NULL,
  birth_date text,
  language text NOT NULL,
  phones json NOT NULL,
  -- The newest balance of the import that wrote the row; null when it brought none.
  as_of bigint,
  updated_at bigint NOT NULL,
  UNIQUE (lender, external_ref)
);

-- Contact points on file. A wrong one keeps its mark over imports.
CREATE TABLE person_phones (
  lender text NOT NULL,
  phone text NOT NULL,
  person_id uuid NOT NULL REFERENCES persons (id),
  wrong_at bigint,
  PRIMARY KEY (lender, phone, person_id)
);
CREATE INDEX person_phones_person ON person_phones (person_id);

CREATE TABLE obligations (
  id uuid NOT NULL PRIMARY KEY,
  lender text NOT NULL,
  person_id uuid NOT NULL REFERENCES persons (id),
  external_ref text NOT NULL,
  product text NOT NULL,
  product_name text NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'settled', 'disputed', 'written_off')),
  currency text NOT NULL,
  principal_minor bigint NOT NULL,
  interest_minor bigint NOT NULL,
  late_interest_minor bigint NOT NULL,
  fees_minor bigint NOT NULL,
  principal_outstanding_minor bigint NOT NULL,
  as_of bigint NOT NULL,
  oldest_unpaid_due text,
  next_due json,
  instalments json NOT NULL,
  rate_ea_bps bigint,
  updated_at bigint NOT NULL,
  UNIQUE (lender, external_ref)
);
CREATE INDEX obligations_person ON obligations (person_id);

-- Persons and obligations of the following records are not checked by foreign keys: one row that cannot be
-- written would refuse a whole batch of turns, and these records must outlive a later clean-up of debtors.
CREATE TABLE agreements (
  id uuid NOT NULL PRIMARY KEY,
  lender text NOT NULL,
  conversation_id uuid,
  person_id uuid NOT NULL,
  obligation_id uuid NOT NULL,
  once_key text NOT NULL,
  status text NOT NULL
    CHECK (status IN ('proposed', 'accepted', 'active', 'kept', 'broken', 'superseded', 'cancelled')),
  kind text NOT NULL CHECK (kind IN ('promise', 'instalment_plan', 'refinancing', 'settlement')),
  currency text NOT NULL,
  total_minor bigint NOT NULL,
  discount_minor bigint NOT NULL,
  offer json NOT NULL,
  evidence json NOT NULL,
  reference text NOT NULL,
  accepted_at bigint NOT NULL,
  UNIQUE (lender, once_key)
);
CREATE INDEX agreements_person ON agreements (person_id);

CREATE TABLE payment_claims (
  id uuid NOT NULL PRIMARY KEY,
  lender text NOT NULL,
  conversation_id uuid,
  person_id uuid,
  obligation_id uuid,
  body json NOT NULL,
  at bigint NOT NULL
);
CREATE INDEX payment_claims_person ON payment_claims (person_id);

CREATE TABLE cases (
  id uuid NOT NULL PRIMARY KEY,
  lender text NOT NULL,
  conversation_id uuid,
  person_id uuid,
  obligation_id uuid,
  kind text NOT NULL,
  status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
  body json NOT NULL,
  at bigint NOT NULL
);
CREATE INDEX cases_person ON cases (person_id);

-- The ledger of opt-outs and opt-ins: who, when, how. Never changed.
CREATE TABLE opt_outs (
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lender text NOT NULL,
  conversation_id uuid,
  wa_id text,
  bsuid text,
  scope text NOT NULL CHECK (scope IN ('all', 'marketing')),
  stop boolean NOT NULL,
  source text NOT NULL,
  at bigint NOT NULL
);
CREATE INDEX opt_outs_wa_id ON opt_outs (wa_id) WHERE wa_id IS NOT NULL;
CREATE INDEX opt_outs_bsuid ON opt_outs (bsuid) WHERE bsuid IS NOT NULL;

-- Tries of the identity challenge; each counts for the address and for every candidate.
CREATE TABLE identity_tries (
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL UNIQUE,
  lender text NOT NULL,
  conversation_id uuid NOT NULL,
  passed_person uuid,
  starts_challenge boolean NOT NULL,
  locked_until bigint,
  at bigint NOT NULL
);
CREATE INDEX identity_tries_conversation ON identity_tries (conversation_id, at);

CREATE TABLE identity_try_persons (
  try_id uuid NOT NULL,
  person_id uuid NOT NULL,
  lender text NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (try_id, person_id)
);
CREATE INDEX identity_try_persons_person ON identity_try_persons (person_id, at);

CREATE TABLE tickets (
  id uuid NOT NULL PRIMARY KEY,
  lender text NOT NULL,
  conversation_id uuid NOT NULL,
  queue text NOT NULL,
  priority bigint NOT NULL CHECK (priority BETWEEN 0 AND 3),
  reason text NOT NULL,
  summary json NOT NULL,
  status text NOT NULL CHECK (status IN ('queued', 'assigned', 'closed')),
  -- The newest agent; kept when the ticket is queued again or closed.
  agent_id uuid,
  lease_token bigint NOT NULL DEFAULT 0,
  leased_until bigint NOT NULL DEFAULT 0,
  -- The person waits for a human's word since waiting_since.
  waiting boolean NOT NULL DEFAULT true,
  waiting_since bigint NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  -- The version that the live queue knows.
  published_version bigint NOT NULL DEFAULT 0,
  opened_at bigint NOT NULL,
  first_response_at bigint,
  closed_at bigint,
  outcome text,
  CHECK (status <> 'assigned' OR agent_id IS NOT NULL)
);
CREATE UNIQUE INDEX tickets_open ON tickets (conversation_id) WHERE status <> 'closed';
CREATE INDEX tickets_waiting ON tickets (waiting_since) WHERE status <> 'closed';
CREATE INDEX tickets_lease ON tickets (leased_until) WHERE status = 'assigned';
CREATE INDEX tickets_unpublished ON tickets (id) WHERE version > published_version AND status <> 'assigned';
CREATE INDEX tickets_lender ON tickets (lender, opened_at);

CREATE TABLE agents (
  id uuid NOT NULL PRIMARY KEY,
  lender text NOT NULL,
  name text NOT NULL,
  queues json NOT NULL,
  active boolean NOT NULL,
  token_sha256 bytea NOT NULL UNIQUE,
  created_at bigint NOT NULL
);
CREATE INDEX agents_lender ON agents (lender);

-- Files of published flows by their content hash; equal files of two lenders are one row.
CREATE TABLE flow_versions (
  hash text NOT NULL PRIMARY KEY,
  files json NOT NULL,
  created_at bigint NOT NULL
);

CREATE TABLE stops (
  lender text NOT NULL,
  scope text NOT NULL,
  reason text NOT NULL,
  since bigint NOT NULL,
  PRIMARY KEY (lender, scope)
);

-- Written by the readiness check, to prove that the store can write.
CREATE TABLE heartbeats (
  id bigint NOT NULL PRIMARY KEY CHECK (id = 1),
  at bigint NOT NULL
);
