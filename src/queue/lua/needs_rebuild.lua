-- KEYS: marker of the last rebuild, marker of a rebuild under way.
-- The marker names the server process that was filled: a restart or a fail-over may bring back an old copy.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or 'unknown'
if redis.call('GET', KEYS[1]) == run then return 0 end
redis.call('SET', KEYS[2], run)
return 1
