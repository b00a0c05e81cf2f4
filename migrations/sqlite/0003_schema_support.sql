-- The oldest schema whose programs may run on this one: in an upgrade the old processes go on, and may start again.
-- A migration that only adds leaves it. One that takes away or changes what such a program uses says so with
-- `UPDATE schema_support SET oldest = N`, and is released only when programs of schema N are everywhere.
CREATE TABLE schema_support (
  sole INTEGER NOT NULL PRIMARY KEY CHECK (sole = 1),
  oldest INTEGER NOT NULL
) STRICT;
INSERT INTO schema_support (sole, oldest) VALUES (1, 3);
