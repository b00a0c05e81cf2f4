-- Who was proved in a chat, from an event on until the next row; NULL: nobody. What was said belongs to that person, so
-- that a copy or an erasure on a shared phone is about nobody else. A chat without rows was never anybody's by proof.
CREATE TABLE chat_proofs (
  conversation_id BLOB NOT NULL,
  -- The first event of the chat's log that belongs to the person.
  from_seq INTEGER NOT NULL,
  lender TEXT NOT NULL,
  -- When the input came with which it began: whose the rows are that have a time only.
  since INTEGER NOT NULL,
  person_id BLOB,
  PRIMARY KEY (conversation_id, from_seq)
) STRICT;
CREATE INDEX chat_proofs_person ON chat_proofs (person_id, conversation_id) WHERE person_id IS NOT NULL;
-- Until now it was not written down when a proof ended: it stays known who was proved in a chat, and where that was more
-- than one person, what was said is nobody's.
INSERT INTO chat_proofs (conversation_id, from_seq, lender, since, person_id)
SELECT conversation_id, -1 - ROW_NUMBER() OVER (PARTITION BY conversation_id ORDER BY person_id), lender, 0, person_id
FROM (
  SELECT conversation_id, lender, passed_person AS person_id FROM identity_tries WHERE passed_person IS NOT NULL
  UNION
  SELECT conversation_id, lender, person_id FROM agreements WHERE conversation_id IS NOT NULL
  UNION
  SELECT id, lender, person_id FROM conversations
  WHERE person_id IS NOT NULL AND assurance IN ('verificada', 'reforzada')) known;
INSERT INTO chat_proofs (conversation_id, from_seq, lender, since, person_id)
SELECT DISTINCT conversation_id, -1, lender, 0, NULL FROM chat_proofs;
