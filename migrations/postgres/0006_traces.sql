-- The trace that a message belongs to: the id of the input that its turn began with. NULL: it is not followed.
ALTER TABLE outbox ADD COLUMN trace_id uuid;
