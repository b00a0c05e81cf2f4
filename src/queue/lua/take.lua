-- ARGV: now, until, agent, then queue names; no name means every queue. Answers {ticket, version} or nil.
reclaim(ARGV[1])
local sets = {}
for i = 4, #ARGV do sets[#sets + 1] = queue_key(ARGV[i]) end
if #sets == 0 then sets[1] = WAITING end

local best, best_score
for _, set in ipairs(sets) do
  local head = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
  if head[1] then
    local score = tonumber(head[2])
    if not best or score < best_score or (score == best_score and head[1] < best) then
      best, best_score = head[1], score
    end
  end
end
if not best then return false end
local version = redis.call('HGET', ticket_key(best), 'v')
hold(best, ARGV[3], ARGV[2])
return { best, version }
