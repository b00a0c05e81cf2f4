-- ARGV: now, until, agent, then queue names; no name means every queue. Answers {ticket, version} or nil.
local DANGLING_MAX = 100
reclaim(ARGV[1])
local sets = {}
for i = 4, #ARGV do sets[#sets + 1] = queue_key(ARGV[i]) end
if #sets == 0 then sets[1] = WAITING end

local function first()
  local best, best_score, best_set
  for _, set in ipairs(sets) do
    local head = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
    if head[1] then
      local score = tonumber(head[2])
      if not best or score < best_score or (score == best_score and head[1] < best) then
        best, best_score, best_set = head[1], score, set
      end
    end
  end
  return best, best_set
end

for _ = 1, DANGLING_MAX do
  local id, set = first()
  if not id then return false end
  local known = redis.call('HMGET', ticket_key(id), 'v', 's')
  if known[2] == 'waiting' then
    hold(id, ARGV[3], ARGV[2])
    return { id, known[1] }
  end
  -- Its details are gone (evicted): the next rebuild brings it back.
  redis.call('ZREM', set, id)
end
return false
