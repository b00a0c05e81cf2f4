-- Shared by every verb. KEYS[1] is the lender's key base, `<prefix>{<lender>}:`; its hash tag keeps all of a
-- lender's keys in one cluster slot, so the names built here are always on the node that runs the script.
--
--   t:<ticket>   hash: v version, s state (waiting | held | gone), q queue, c score, w waiting since,
--                a agent and u until (held only)
--   w:<queue>    sorted set of waiting tickets, by priority and wait
--   waiting      the same over all queues
--   held         sorted set of held tickets, by end of the hold
--   queues       set of queue names
--
-- Scores and times arrive as decimal text and are stored as such: Lua would print 17 digits as 1.7e+16.
--
-- A fail-over may leave us on a replica, whose copy is read as if it were the queue and whose writes are refused: it
-- answers nothing.
if string.match(redis.call('INFO', 'replication'), 'role:(%w+)') ~= 'master' then
  return redis.error_reply('READONLY this Redis is a replica')
end
local base = KEYS[1]
local WAITING, HELD, QUEUES = base .. 'waiting', base .. 'held', base .. 'queues'
local RECLAIM_MAX = 1000
-- A closed ticket is remembered for a day, so that a late message about an older version stays without effect.
local GONE_SECONDS = 86400

local function ticket_key(id) return base .. 't:' .. id end
local function queue_key(queue) return base .. 'w:' .. queue end

-- Takes a ticket out of the sorted set that it is in.
local function leave(id)
  local known = redis.call('HMGET', ticket_key(id), 's', 'q')
  if known[1] == 'waiting' then
    redis.call('ZREM', queue_key(known[2]), id)
    redis.call('ZREM', WAITING, id)
  elseif known[1] == 'held' then
    redis.call('ZREM', HELD, id)
  end
end

local function describe(id, version, queue, score, since)
  redis.call('PERSIST', ticket_key(id))
  redis.call('HSET', ticket_key(id), 'v', version, 'q', queue, 'c', score, 'w', since)
  redis.call('SADD', QUEUES, queue)
end

local function wait(id, queue, score)
  redis.call('ZADD', queue_key(queue), score, id)
  redis.call('ZADD', WAITING, score, id)
  redis.call('HSET', ticket_key(id), 's', 'waiting')
  redis.call('HDEL', ticket_key(id), 'a', 'u')
end

local function hold(id, agent, till)
  leave(id)
  redis.call('HSET', ticket_key(id), 's', 'held', 'a', agent, 'u', till)
  redis.call('ZADD', HELD, till, id)
end

-- Puts tickets back whose hold is over, at the place that their first wait gives them.
local function reclaim(now)
  local over = redis.call('ZRANGEBYSCORE', HELD, '-inf', now, 'LIMIT', 0, RECLAIM_MAX)
  for _, id in ipairs(over) do
    local known = redis.call('HMGET', ticket_key(id), 'q', 'c')
    redis.call('ZREM', HELD, id)
    if known[1] then wait(id, known[1], known[2]) end
  end
end
