/**
 * `add` puts `n` frames into a queue: `kind` is `i` where ids are kept apart (queues of tasks), `n` where they are not. Answers one character a frame: `0`
 * taken, `2` a duplicate. Only first frames can be duplicates.
 */
export const adding = `
local function add(b, kind, windowMs, keepMs, n, firsts, priorities, delays, ids, frames)
  local before = call('HINCRBY', KEYS[b + M], 's', n) - n
  local outcomes, records, lists, delayed, fields, found, further = {}, {}, {}, {}, {}, nil, false
  local soonest = math.huge
  if kind == 'i' then
    for index = 1, n do fields[index] = 'i' .. ids[index] end
    found = read(KEYS[b + T], fields)
    further = call('EXISTS', KEYS[b + C]) == 1
  end
  local seen = {}
  for index = 1, n do
    local tail, field = pack('>I6', before + index), nil
    outcomes[index] = '0'
    if kind == 'n' then
      field = 'n' .. tail
    else
      local id = ids[index]
      field = fields[index]
      local lives = found[index] or seen[field]
      if firsts[index] == 1 then
        local refused = lives or (further and call('HEXISTS', KEYS[b + C], id) == 1)
        if not refused and windowMs > 0 then
          refused = (tonumber(call('ZSCORE', KEYS[b + U], id) or 0)) > now
          if not refused then call('ZADD', KEYS[b + U], now + windowMs, id) end
        end
        if refused then field, outcomes[index] = nil, '2' end
      elseif lives then
        field, further = 'c' .. tail .. id, true
        call('HINCRBY', KEYS[b + C], id, 1)
      end
    end
    if field then
      seen[field] = true
      records[#records + 1] = field
      records[#records + 1] = frames[index]
      local entry, priority, delay = '\\0' .. tail .. field, priorities[index], delays[index]
      if delay > 0 then
        -- One more, because the server's time is cut to whole ms: never early.
        local due = now + 1 + delay
        soonest = math.min(soonest, due)
        delayed[#delayed + 1] = due
        delayed[#delayed + 1] = char(priority) .. entry
      else
        place(lists, priority, entry)
      end
    end
  end
  push('HSET', KEYS[b + T], records)
  for priority, list in pairs(lists) do
    push('RPUSH', KEYS[b + R - priority], list)
    ring(b)
  end
  if #delayed > 0 then
    local first = call('ZRANGE', KEYS[b + D], 0, 0, 'WITHSCORES')
    push('ZADD', KEYS[b + D], delayed)
    -- Whoever waits must know of the earlier time.
    if not first[2] or soonest < tonumber(first[2]) then ring(b) end
  end
  if windowMs > 0 then call('ZREMRANGEBYSCORE', KEYS[b + U], '-inf', now) end
  if keepMs > 0 then keep(b, call('PTTL', KEYS[b + M])) end
  return table.concat(outcomes)
end

-- May it be sent to? A queue of tasks or of dead letters that is not there is made.
local function exists(b, keepMs)
  return keepMs == 0 or call('EXISTS', KEYS[b + M]) == 1
end
`;
