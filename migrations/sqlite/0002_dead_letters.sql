-- Turns that failed again and again: their inputs were set aside and a person got the chat. No text of anyone.
CREATE TABLE dead_letters (
  id BLOB NOT NULL PRIMARY KEY,
  lender TEXT NOT NULL,
  conversation_id BLOB NOT NULL,
  -- Ids in `inputs`, in order.
  inputs TEXT NOT NULL,
  cause TEXT NOT NULL,
  detail TEXT NOT NULL,
  flow_hash TEXT,
  step TEXT,
  failures INTEGER NOT NULL,
  ticket_id BLOB,
  at INTEGER NOT NULL,
  retried_at INTEGER
) STRICT;
CREATE INDEX dead_letters_open ON dead_letters (at, id) WHERE retried_at IS NULL;
