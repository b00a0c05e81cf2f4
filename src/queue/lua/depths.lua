-- ARGV: now, width of one priority in the score, number of priorities.
-- Answers {queue, waiting, held, oldest waiting since or ''} for each queue that has any ticket.
local HELD_MAX = 10000
reclaim(ARGV[1])
local held = {}
for _, id in ipairs(redis.call('ZRANGE', HELD, 0, HELD_MAX - 1)) do
  local queue = redis.call('HGET', ticket_key(id), 'q')
  if queue then held[queue] = (held[queue] or 0) + 1 end
end

local function oldest(queue)
  local found = ''
  for rank = 0, tonumber(ARGV[3]) - 1 do
    local from = string.format('%.0f', rank * tonumber(ARGV[2]))
    local to = string.format('(%.0f', (rank + 1) * tonumber(ARGV[2]))
    local head = redis.call('ZRANGEBYSCORE', queue_key(queue), from, to, 'LIMIT', 0, 1)
    local since = head[1] and redis.call('HGET', ticket_key(head[1]), 'w')
    if since and (found == '' or tonumber(since) < tonumber(found)) then found = since end
  end
  return found
end

local rows = {}
for _, queue in ipairs(redis.call('SMEMBERS', QUEUES)) do
  local waiting = redis.call('ZCARD', queue_key(queue))
  if waiting > 0 or held[queue] then
    rows[#rows + 1] = { queue, waiting, held[queue] or 0, oldest(queue) }
  else
    redis.call('SREM', QUEUES, queue)
  end
end
return rows
