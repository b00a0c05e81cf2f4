-- The timers of a chat are written with its session, in the same row: a question sets two and ends two, and each was
-- a row of its own with three index entries. Programs of schema 4 and before look for the old table.
ALTER TABLE conversations
  ADD COLUMN timers json NOT NULL DEFAULT '[]',
  -- The earliest of them.
  ADD COLUMN next_timer_at bigint;
UPDATE conversations c SET timers = t.timers, next_timer_at = t.due
FROM (
  SELECT conversation_id, MIN(due) AS due,
    json_agg(json_build_object('name', name, 'turn', turn, 'due', due) ORDER BY due) AS timers
  FROM timers GROUP BY conversation_id) t
WHERE c.id = t.conversation_id;
CREATE INDEX conversations_timers ON conversations (next_timer_at) WHERE next_timer_at IS NOT NULL;
DROP TABLE timers;
UPDATE schema_support SET oldest = 5;
