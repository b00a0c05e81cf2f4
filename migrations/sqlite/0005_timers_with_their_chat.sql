-- The timers of a chat are written with its session, in the same row: a question sets two and ends two, and each was
-- a row of its own with three index entries. Programs of schema 4 and before look for the old table.
ALTER TABLE conversations ADD COLUMN timers TEXT NOT NULL DEFAULT '[]';
-- The earliest of them.
ALTER TABLE conversations ADD COLUMN next_timer_at INTEGER;
UPDATE conversations SET timers = t.timers, next_timer_at = t.due
FROM (
  SELECT conversation_id, MIN(due) AS due,
    json_group_array(json_object('name', name, 'turn', turn, 'due', due)) AS timers
  FROM timers GROUP BY conversation_id) t
WHERE conversations.id = t.conversation_id;
CREATE INDEX conversations_timers ON conversations (next_timer_at) WHERE next_timer_at IS NOT NULL;
DROP TABLE timers;
UPDATE schema_support SET oldest = 5;
