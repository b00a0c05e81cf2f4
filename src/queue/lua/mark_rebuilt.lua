-- KEYS: marker of the last rebuild, marker of a rebuild under way.
-- Memory that was lost while the rebuild ran took the second marker with it: then the rebuild does not count.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or 'unknown'
if redis.call('GET', KEYS[2]) ~= run then return 0 end
redis.call('SET', KEYS[1], run)
redis.call('DEL', KEYS[2])
return 1
