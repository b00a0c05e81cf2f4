-- The phone of the chat was another account's before: nobody is called by name in it until they have proved who they are.
ALTER TABLE conversations ADD COLUMN number_changed_hands INTEGER NOT NULL DEFAULT 0;
-- The chats that people must look into; there are few.
CREATE INDEX conversations_conflict ON conversations (lender, created_at, id) WHERE identity_conflict = 1;
