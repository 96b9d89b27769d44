import { prelude } from "./prelude.ts";

/**
 * ARGV: want, lease, fence, keep, starvation grants, `1` where a queue that is kept for a time and was lost is made again. Answers the ms until something may be due (-1: nothing will be; only where nothing was taken), then
 * a lease and a frame for each grant.
 */
export const claim = `${prelude}
local BYTES = 8 * 1048576
local want, leaseMs, fence, keepMs, fair = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
tidy(0)
if keepMs > 0 and call('PTTL', KEYS[M]) < keepMs - 3600000 then
  if ARGV[6] == '1' then call('HSETNX', KEYS[M], 's', 0) end
  keep(0, keepMs)
end
local entries, heads, fields, priorityOf, passed, count = {}, {}, {}, {}, nil, 0
local pop = { 'LMPOP', 11 }
for priority = 10, 0, -1 do
  local key = KEYS[R - priority]
  pop[#pop + 1] = key
  priorityOf[key] = priority
end
pop[14], pop[15] = 'LEFT', 'COUNT'
local occupied = levels(0)
while occupied > 0 and count < want do
  local most, popped = want - count, nil
  if occupied > 1 then
    passed = passed or tonumber(call('HGET', KEYS[M], 'p') or 0)
    if passed >= fair - 1 then
      local oldest, longest = nil, math.huge
      for priority = 0, 10 do
        local head = call('LINDEX', KEYS[R - priority], 0)
        if head and sequence(head) < longest then oldest, longest = KEYS[R - priority], sequence(head) end
      end
      popped = { oldest, { call('LPOP', oldest) } }
      passed = -1
    else
      most = math.min(most, fair - 1 - passed)
    end
  end
  if not popped then
    pop[16] = most
    popped = call(unpack(pop))
  end
  local head = fence .. char(priorityOf[popped[1]])
  for _, entry in ipairs(popped[2]) do
    count = count + 1
    entries[count], heads[count], fields[count] = entry, head, sub(entry, 8)
  end
  if passed then passed = passed < 0 and 0 or passed + #popped[2] end
  -- Fewer than were wanted of the only list: it is empty now.
  occupied = occupied == 1 and #popped[2] < most and 0 or levels(0)
end
if passed then call('HSET', KEYS[M], 'p', passed) end
-- The first few tell how large they are. What is too much for one answer, which nobody else is served beside, goes back to where it was.
local frames, size, from, slice = {}, 0, 1, 8
while from <= count and size < BYTES do
  for _, frame in ipairs(call('HMGET', KEYS[T], unpack(fields, from, math.min(count, from + slice - 1)))) do
    frames[from], size, from = frame, size + (frame and #frame or 0), from + 1
  end
  slice = slice * 8
end
if from <= count then
  local lists = {}
  for index = from, count do place(lists, byte(heads[index], 12), entries[index]) end
  restore(0, lists)
  count, occupied = from - 1, levels(0)
end
if occupied > 0 then ring(0) else call('DEL', KEYS[W]) end
local answer, leases = { -1 }, {}
if count > 0 then
  local over, to = string.format('%.0f', now + 1 + leaseMs), 0
  for index = 1, count do
    -- A record that is not there was lost by the server (eviction, say): nothing can be granted.
    if frames[index] then
      local lease = heads[index] .. entries[index]
      leases[to + 1], leases[to + 2], answer[to + 2], answer[to + 3] = over, lease, lease, frames[index]
      to = to + 2
    end
  end
  push('ZADD', KEYS[L], leases)
  if keepMs > 0 then call('PEXPIRE', KEYS[L], keepMs) end
else
  local due, over = call('ZRANGE', KEYS[D], 0, 0, 'WITHSCORES'), call('ZRANGE', KEYS[L], 0, 0, 'WITHSCORES')
  local soonest = math.min(tonumber(due[2] or math.huge), tonumber(over[2] or math.huge))
  if soonest < math.huge then answer[1] = math.max(0, soonest - now) end
end
return answer
`;
