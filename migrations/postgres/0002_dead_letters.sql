-- Turns that failed again and again: their inputs were set aside and a person got the chat. No text of anyone.
CREATE TABLE dead_letters (
  id uuid PRIMARY KEY,
  lender text NOT NULL,
  conversation_id uuid NOT NULL,
  -- Ids in `inputs`, in order.
  inputs json NOT NULL,
  cause text NOT NULL,
  detail text NOT NULL,
  flow_hash text,
  step text,
  failures bigint NOT NULL,
  ticket_id uuid,
  at bigint NOT NULL,
  retried_at bigint
);
CREATE INDEX dead_letters_open ON dead_letters (at, id) WHERE retried_at IS NULL;
