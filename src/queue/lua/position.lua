-- ARGV: ticket. Answers 1 for the next one, nil when it does not wait.
local known = redis.call('HMGET', ticket_key(ARGV[1]), 's', 'q')
if known[1] ~= 'waiting' then return false end
local rank = redis.call('ZRANK', queue_key(known[2]), ARGV[1])
return rank and rank + 1
