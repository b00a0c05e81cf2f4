-- ARGV: ticket, version.
local id, version = ARGV[1], ARGV[2]
local known = redis.call('HGET', ticket_key(id), 'v')
if known and tonumber(known) > tonumber(version) then return 0 end
leave(id)
redis.call('DEL', ticket_key(id))
redis.call('HSET', ticket_key(id), 'v', version, 's', 'gone')
redis.call('EXPIRE', ticket_key(id), GONE_SECONDS)
return 1
