-- What was done about a person on request: a copy, an erasure, a return by a later import. It outlives the person, so it
-- names nobody: `ref_key` is an HMAC of lender and reference under the key below, which never leaves the database.
CREATE TABLE person_acts (
  id BLOB NOT NULL PRIMARY KEY,
  lender TEXT NOT NULL,
  ref_key BLOB NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('export', 'erase', 'readmit')),
  by_whom TEXT NOT NULL,
  reason TEXT,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX person_acts_ref ON person_acts (lender, ref_key);

CREATE TABLE person_act_keys (
  sole INTEGER NOT NULL PRIMARY KEY CHECK (sole = 1),
  value BLOB NOT NULL
) STRICT;
