-- KEYS: marker of the last rebuild, rebuilds under way. ARGV: the rebuild that is complete.
-- Memory that was lost while it ran took its name with it: then it does not count.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or 'unknown'
if string.sub(ARGV[1], 1, #run) ~= run then return 0 end
if redis.call('SISMEMBER', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('SET', KEYS[1], run)
redis.call('DEL', KEYS[2])
return 1
