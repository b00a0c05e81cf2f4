-- Erases one debtor of one lender (PostgreSQL): contact data and every text, in one transaction.
-- psql "$DATABASE_URL" --set=lender=andino --set=ref=1042 --file=docs/sql/erase_person.sql
-- Kept: agreements, cases and identity tries by the person's id alone; opt-outs with their address.
\set ON_ERROR_STOP on
BEGIN;

CREATE TEMP TABLE erased_person ON COMMIT DROP AS
SELECT id FROM persons WHERE lender = :'lender' AND external_ref = :'ref';

-- Chats that were linked to the person, or are held from a phone that only this person has on file.
CREATE TEMP TABLE erased_chats ON COMMIT DROP AS
SELECT c.id, c.wa_id, c.bsuid FROM conversations c
WHERE c.lender = :'lender' AND (
  c.person_id IN (SELECT id FROM erased_person)
  OR c.wa_id IN (
    SELECT ltrim(p.phone, '+') FROM person_phones p
    WHERE p.lender = :'lender' AND p.person_id IN (SELECT id FROM erased_person)
      AND NOT EXISTS (SELECT 1 FROM person_phones o WHERE o.lender = p.lender AND o.phone = p.phone
                      AND o.person_id <> p.person_id)));

SELECT count(*) = 1 AS found FROM erased_person \gset
\if :found
\else
  \echo no such person; nothing was erased
  ROLLBACK;
  \quit
\endif

-- Nothing may leave for this person any more.
UPDATE outbox SET status = 'refused', why = 'erased', finished_at = created_at
WHERE conversation_id IN (SELECT id FROM erased_chats) AND status = 'queued';
DELETE FROM timers WHERE conversation_id IN (SELECT id FROM erased_chats);
UPDATE tickets SET status = 'closed', outcome = 'erased', version = version + 1,
  closed_at = (extract(epoch FROM now()) * 1000)::bigint
WHERE conversation_id IN (SELECT id FROM erased_chats) AND status <> 'closed';

-- Texts.
DELETE FROM deliveries d USING erased_chats c
WHERE (c.wa_id IS NOT NULL AND position(convert_to(c.wa_id, 'UTF8') IN d.body) > 0)
   OR (c.bsuid IS NOT NULL AND position(convert_to(c.bsuid, 'UTF8') IN d.body) > 0);
DELETE FROM notices n USING erased_chats c
WHERE n.lender = :'lender' AND n.done_at IS NOT NULL
  AND ((c.wa_id IS NOT NULL AND position(c.wa_id IN n.body::text) > 0)
    OR (c.bsuid IS NOT NULL AND position(c.bsuid IN n.body::text) > 0));
DELETE FROM inputs WHERE conversation_id IN (SELECT id FROM erased_chats);
DELETE FROM events WHERE conversation_id IN (SELECT id FROM erased_chats);
DELETE FROM outbox WHERE conversation_id IN (SELECT id FROM erased_chats);
UPDATE tickets SET summary = '{}' WHERE conversation_id IN (SELECT id FROM erased_chats);
UPDATE payment_claims SET body = '{}' WHERE lender = :'lender' AND person_id IN (SELECT id FROM erased_person);
UPDATE cases SET body = '{}' WHERE lender = :'lender' AND person_id IN (SELECT id FROM erased_person);

-- Addresses. Opt-outs keep theirs: without it the wish not to be written to could not be honoured.
DELETE FROM conversation_aliases WHERE conversation_id IN (SELECT id FROM erased_chats);
DELETE FROM conversations WHERE id IN (SELECT id FROM erased_chats);
DELETE FROM obligations WHERE person_id IN (SELECT id FROM erased_person);
DELETE FROM person_phones WHERE person_id IN (SELECT id FROM erased_person);
DELETE FROM persons WHERE id IN (SELECT id FROM erased_person);

COMMIT;
\echo erased
