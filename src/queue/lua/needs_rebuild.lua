-- KEYS: marker of the last rebuild, rebuilds under way, count of them.
-- The marker names the server process that was filled: a restart or a fail-over may bring back an old copy.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or 'unknown'
if redis.call('GET', KEYS[1]) == run then return false end
-- A flush sets the count back, so the time is part of the name: no rebuild is taken for one from before the flush.
local now = redis.call('TIME')
local rebuild = table.concat({run, now[1], now[2], redis.call('INCR', KEYS[3])}, ':')
redis.call('SADD', KEYS[2], rebuild)
-- Of askers that died; one that takes longer than this is repeated.
redis.call('EXPIRE', KEYS[2], 3600)
return rebuild
