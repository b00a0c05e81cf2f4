-- ARGV: ticket, version, queue, score, waiting since, agent, until.
local id, version, agent = ARGV[1], ARGV[2], ARGV[6]
local known = redis.call('HMGET', ticket_key(id), 'v', 's', 'a')
if known[1] then
  local stored, offered = tonumber(known[1]), tonumber(version)
  if stored > offered then return 0 end
  if stored == offered and (known[2] == 'gone' or (known[2] == 'held' and known[3] ~= agent)) then return 0 end
end
leave(id)
describe(id, version, ARGV[3], ARGV[4], ARGV[5])
hold(id, agent, ARGV[7])
return 1
