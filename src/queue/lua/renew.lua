-- ARGV: ticket, agent, until. A hold is never shortened.
local id = ARGV[1]
local known = redis.call('HMGET', ticket_key(id), 's', 'a', 'u')
if known[1] ~= 'held' or known[2] ~= ARGV[2] then return 0 end
if tonumber(ARGV[3]) > tonumber(known[3]) then
  redis.call('HSET', ticket_key(id), 'u', ARGV[3])
  redis.call('ZADD', HELD, ARGV[3], id)
end
return 1
