/**
 * `add` puts `n` frames into a queue: `kind` is `i` where ids are kept apart (queues of tasks), `n` where they are not. Answers one character a frame: `0`
 * taken, `2` a duplicate. Only first frames can be duplicates; in `fields` stands what its id has become (see field.ts), where that matters.
 */
export const adding = `
local function add(b, kind, windowMs, keepMs, n, firsts, priorities, delays, fields, frames)
  local before = call('HINCRBY', KEYS[b + M], 's', n) - n
  local refusals, records, lists, delayed, found, further = nil, {}, {}, nil, nil, false
  if kind == 'i' then
    found = read(KEYS[b + T], fields)
    further = call('EXISTS', KEYS[b + C]) == 1
  end
  local seen, soonest, at, last, list = {}, math.huge, 0, nil, nil
  for index = 1, n do
    local field = fields[index]
    if kind == 'n' then
      field = pack('>BI6', 110, before + index)
    else
      local lives = found[index] or seen[field]
      if lives or further or windowMs > 0 then
        if firsts[index] == 0 then
          if lives then
            call('HINCRBY', KEYS[b + C], field, 1)
            field, further = pack('>BI6', 99, before + index) .. field, true
          end
        elseif lives
          or (further and call('HEXISTS', KEYS[b + C], field) == 1)
          or (windowMs > 0 and tonumber(call('ZSCORE', KEYS[b + U], field) or 0) > now)
        then
          refusals = refusals or {}
          refusals[index], field = true, nil
        elseif windowMs > 0 then
          call('ZADD', KEYS[b + U], now + windowMs, field)
        end
      end
    end
    if field then
      seen[field] = true
      records[at + 1], records[at + 2] = field, frames[index]
      at = at + 2
      local entry, priority = pack('>BI6c0', 0, before + index, field), priorities[index]
      if delays[index] > 0 then
        -- One more, because the server's time is cut to whole ms: never early.
        local due = now + 1 + delays[index]
        soonest, delayed = math.min(soonest, due), delayed or {}
        delayed[#delayed + 1] = due
        delayed[#delayed + 1] = char(priority) .. entry
      else
        if priority ~= last then
          last, list = priority, lists[priority]
          if not list then
            list = {}
            lists[priority] = list
          end
        end
        list[#list + 1] = entry
      end
    end
  end
  push('HSET', KEYS[b + T], records)
  for priority, entries in pairs(lists) do push('RPUSH', KEYS[b + R - priority], entries) end
  if last then ring(b) end
  if delayed then
    local first = call('ZRANGE', KEYS[b + D], 0, 0, 'WITHSCORES')
    push('ZADD', KEYS[b + D], delayed)
    -- Whoever waits must know of the earlier time.
    if not first[2] or soonest < tonumber(first[2]) then ring(b) end
  end
  if windowMs > 0 then
    -- Some of those that are over, and more than came: all at once would hold up the server.
    local over = call('ZCOUNT', KEYS[b + U], '-inf', now)
    if over > 0 then call('ZREMRANGEBYRANK', KEYS[b + U], 0, math.min(over, 2 * n + 500) - 1) end
    if call('PTTL', KEYS[b + U]) < windowMs then call('PEXPIRE', KEYS[b + U], windowMs) end
  end
  if keepMs > 0 then
    for _, index in ipairs({ T, D }) do follow(b, KEYS[b + index]) end
    for priority in pairs(lists) do follow(b, KEYS[b + R - priority]) end
  end
  if not refusals then return string.rep('0', n) end
  local outcomes = {}
  for index = 1, n do outcomes[index] = refusals[index] and '2' or '0' end
  return table.concat(outcomes)
end

-- May it be sent to? A queue of tasks or of dead letters that is not there is made.
local function exists(b, keepMs)
  return keepMs == 0 or call('EXISTS', KEYS[b + M]) == 1
end
`;
