-- A message on its way is marked twice. Claimed: `queued` and `claimed_until` in the future; nothing of it has left, and
-- when that time has passed it may be claimed again. Sending: the status `sending`, written just before its request is
-- handed over; its time is `sent_at`. `told_at` is when the first status of it came in.
ALTER TABLE outbox ADD COLUMN claimed_until bigint;
ALTER TABLE outbox ADD COLUMN sent_at bigint;
ALTER TABLE outbox ADD COLUMN told_at bigint;
