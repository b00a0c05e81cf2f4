-- What was done about a person on request: a copy, an erasure, a return by a later import. It outlives the person, so it
-- names nobody: `ref_key` is an HMAC of lender and reference under the key below, which never leaves the database.
CREATE TABLE person_acts (
  id uuid NOT NULL PRIMARY KEY,
  lender text NOT NULL,
  ref_key bytea NOT NULL,
  kind text NOT NULL CHECK (kind IN ('export', 'erase', 'readmit')),
  by_whom text NOT NULL,
  reason text,
  at bigint NOT NULL
);
CREATE INDEX person_acts_ref ON person_acts (lender, ref_key);

CREATE TABLE person_act_keys (
  sole boolean NOT NULL PRIMARY KEY CHECK (sole),
  value bytea NOT NULL
);
