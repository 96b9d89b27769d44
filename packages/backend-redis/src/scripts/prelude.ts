/**
 * What every script begins with. The keys of a queue stand in KEYS one after the other (see keys.ts), `b` being how many stand before them.
 *
 * | structure | holds |
 * |---|---|
 * | m HASH | that the queue exists; `s` last sequence, `f` last session, `p` grants since the longest-waiting frame was served |
 * | t HASH | field → the frame's bytes |
 * | l ZSET | fence (11 bytes), priority (1), entry → ms when the lease is over |
 * | d ZSET | priority (1), entry → ms when it is due |
 * | w LIST | the marker that wakes one receiver: one element, or none |
 * | c HASH | id → how many further frames of it there are, beside the field that is the id |
 * | u ZSET | id → ms until which it stays refused (only with a dedupe window) |
 * | r10 … r0 LIST | entries that are ready, per priority |
 *
 * An entry is: losses (1 byte), sequence (6), field. A field is an id as field.ts writes it (`i…` or `p…`), `c` and the sequence and such an id (a
 * further frame of it), or `n` and the sequence (in queues that hold no tasks). All times are the server's.
 */
export const prelude = `
local call, sub, byte, char, pack = redis.call, string.sub, string.byte, string.char, struct.pack
local at = call('TIME')
local now = at[1] * 1000 + math.floor(at[2] / 1000)
local M, T, L, D, W, C, U, R = 1, 2, 3, 4, 5, 6, 7, 18
local MOST, TIDIED = 4000, 200

local function push(command, key, list, ...)
  for from = 1, #list, MOST do call(command, key, unpack(list, from, math.min(#list, from + MOST - 1))) end
end

local function read(key, fields)
  if #fields <= MOST then return call('HMGET', key, unpack(fields)) end
  local all = {}
  for from = 1, #fields, MOST do
    for _, value in ipairs(call('HMGET', key, unpack(fields, from, math.min(#fields, from + MOST - 1)))) do all[#all + 1] = value end
  end
  return all
end

local function levels(b) return call('EXISTS', unpack(KEYS, b + 8, b + 18)) end

-- What was made anew in a queue that is kept for a time goes with all the rest of it.
local function follow(b, key)
  local left = call('PTTL', KEYS[b + M])
  if left > 0 then call('PEXPIRE', key, left) end
end

local function ring(b)
  if call('EXISTS', KEYS[b + W]) == 1 then return end
  call('RPUSH', KEYS[b + W], '1')
  follow(b, KEYS[b + W])
end

local function place(lists, priority, entry)
  local list = lists[priority]
  if list then list[#list + 1] = entry else lists[priority] = { entry } end
end

local function sequence(entry) return (struct.unpack('>I6', entry, 2)) end

local function newest(one, other) return sequence(one) > sequence(other) end

-- Puts entries back where they came from: before all that was sent after them.
local function restore(b, lists)
  for priority, list in pairs(lists) do
    local key, last = KEYS[b + R - priority], 0
    for _, entry in ipairs(list) do last = math.max(last, sequence(entry)) end
    for _ = 1, 500 do
      local head = call('LINDEX', key, 0)
      if not head or sequence(head) > last then break end
      list[#list + 1] = call('LPOP', key)
    end
    table.sort(list, newest)
    push('LPUSH', key, list)
    follow(b, key)
  end
end

-- Lets happen what time has brought, in bounded batches: due delays to the tails, expired leases to where they were.
local function tidy(b)
  local due = call('ZRANGEBYSCORE', KEYS[b + D], '-inf', now, 'LIMIT', 0, TIDIED)
  if #due > 0 then
    push('ZREM', KEYS[b + D], due)
    local before, lists = call('HINCRBY', KEYS[b + M], 's', #due) - #due, {}
    for index, entry in ipairs(due) do
      place(lists, byte(entry), sub(entry, 2, 2) .. pack('>I6', before + index) .. sub(entry, 9))
    end
    for priority, list in pairs(lists) do
      push('RPUSH', KEYS[b + R - priority], list)
      follow(b, KEYS[b + R - priority])
    end
  end
  local over = call('ZRANGEBYSCORE', KEYS[b + L], '-inf', now, 'LIMIT', 0, TIDIED)
  if #over > 0 then
    push('ZREM', KEYS[b + L], over)
    local lists = {}
    for _, lease in ipairs(over) do
      place(lists, byte(lease, 12), char(math.min(255, byte(lease, 13) + 1)) .. sub(lease, 14))
    end
    restore(b, lists)
  end
end

-- Removes the records of entries' fields; an id is free when its last frame is gone.
local function forget(b, fields)
  if #fields == 0 then return end
  if call('EXISTS', KEYS[b + C]) == 1 then
    for _, field in ipairs(fields) do
      -- c: a further frame of its id. Counted down once only, should the field stand here twice.
      if byte(field) == 99 and call('HDEL', KEYS[b + T], field) == 1 then
        local id = sub(field, 8)
        if call('HINCRBY', KEYS[b + C], id, -1) <= 0 then call('HDEL', KEYS[b + C], id) end
      end
    end
  end
  push('HDEL', KEYS[b + T], fields)
end

-- For each lease: a score where it is held, else false. Scores are looked at only where some lease of the queue is over.
local function held(b, leases)
  local key, scores = KEYS[b + L], nil
  if #leases <= MOST then
    scores = #leases == 0 and {} or call('ZMSCORE', key, unpack(leases))
  else
    scores = {}
    for from = 1, #leases, MOST do
      for _, score in ipairs(call('ZMSCORE', key, unpack(leases, from, math.min(#leases, from + MOST - 1)))) do
        scores[#scores + 1] = score
      end
    end
  end
  if #call('ZRANGEBYSCORE', key, '-inf', now, 'LIMIT', 0, 1) > 0 then
    for index, score in ipairs(scores) do scores[index] = score and tonumber(score) > now end
  end
  return scores
end

-- A queue that outlives its reader for so long: all that is in it goes together.
local function keep(b, keepMs)
  if keepMs > 0 then for index = b + 1, b + R do call('PEXPIRE', KEYS[index], keepMs) end end
end
`;
