-- ARGV: ticket, version, queue, score, waiting since.
local id, version = ARGV[1], ARGV[2]
local known = redis.call('HGET', ticket_key(id), 'v')
if known and tonumber(known) >= tonumber(version) then return 0 end
leave(id)
describe(id, version, ARGV[3], ARGV[4], ARGV[5])
wait(id, ARGV[3], ARGV[4])
return 1
