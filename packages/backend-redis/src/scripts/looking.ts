import { prelude } from "./prelude.ts";

/** Answers ready, leased and delayed, as they are at this moment: what is due or over counts as ready before anybody has moved it. */
export const depth = `${prelude}
local ready = 0
for priority = 0, 10 do ready = ready + call('LLEN', KEYS[R - priority]) end
local due, over = call('ZCOUNT', KEYS[D], '-inf', now), call('ZCOUNT', KEYS[L], '-inf', now)
return { ready + due + over, call('ZCARD', KEYS[L]) - over, call('ZCARD', KEYS[D]) - due }
`;

/**
 * ARGV: state (`ready`, `delayed` or `leased`), the place where the page before ended (priority or ms; entry; index, a hint), max. Answers that of
 * this page's last frame, as state, priority or ms, entry and index, then a state and a frame each; the place is empty at the end.
 */
export const browse = `${prelude}
local state, major, last, hint, max = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local places, fields = {}, {}
local function found(where, of, entry, index, start)
  if #places == max + 1 then return true end
  places[#places + 1] = { where, of, entry, index }
  fields[#fields + 1] = sub(entry, start)
end
if state == 'ready' then
  for priority = major, 0, -1 do
    local key, index, after = KEYS[R - priority], 0, -1
    local size = call('LLEN', key)
    if priority == major and last ~= '' then
      after = sequence(last)
      -- It is where it was, unless frames before it have gone or come back, of which there may be many.
      local to = size
      if hint < size and sequence(call('LINDEX', key, hint)) == after then index, to = hint + 1, hint + 1 end
      while index < to do
        local middle = math.floor((index + to) / 2)
        if sequence(call('LINDEX', key, middle)) > after then to = middle else index = middle + 1 end
      end
    end
    for offset, entry in ipairs(call('LRANGE', key, index, index + max - #places)) do
      if found('ready', priority, entry, index + offset - 1, 8) then break end
    end
    if #places > max then break end
  end
end
for _, set in ipairs({ { 'delayed', D, 9 }, { 'leased', L, 20 } }) do
  if #places <= max and (state ~= 'leased' or set[1] == 'leased') then
    local key, index = KEYS[set[2]], 0
    if state == set[1] then
      local rank = call('ZRANK', key, last)
      index = rank and rank + 1 or call('ZCOUNT', key, '-inf', '(' .. ARGV[2])
    end
    local page = call('ZRANGE', key, index, index + max - #places, 'WITHSCORES')
    for offset = 1, #page, 2 do
      if found(set[1], page[offset + 1], page[offset], 0, set[3]) then break end
    end
  end
end
local answer = { '', 0, '', 0 }
if #places > max then
  local place = places[max]
  answer = { place[1], tostring(place[2]), place[3], place[4] }
end
if #fields == 0 then return answer end
local frames = read(KEYS[T], fields)
for index = 1, math.min(max, #places) do
  if frames[index] then
    answer[#answer + 1] = places[index][1]
    answer[#answer + 1] = frames[index]
  end
end
return answer
`;

/** ARGV: max. Removes up to so many frames that are ready or delayed; answers how many. Where nothing is leased, all at once. */
export const purge = `${prelude}
tidy(0)
local max, fields = tonumber(ARGV[1]), {}
if call('EXISTS', KEYS[L]) == 0 then
  local count = call('ZCARD', KEYS[D])
  for priority = 0, 10 do count = count + call('LLEN', KEYS[R - priority]) end
  call('UNLINK', KEYS[T], KEYS[D], KEYS[W], KEYS[C], unpack(KEYS, 8, R))
  return count
end
for priority = 10, 0, -1 do
  if #fields < max then
    local entries = call('LPOP', KEYS[R - priority], max - #fields)
    if entries then for _, entry in ipairs(entries) do fields[#fields + 1] = sub(entry, 8) end end
  end
end
local delayed = #fields < max and call('ZRANGE', KEYS[D], 0, max - #fields - 1) or {}
push('ZREM', KEYS[D], delayed)
for _, entry in ipairs(delayed) do fields[#fields + 1] = sub(entry, 9) end
forget(0, fields)
if levels(0) == 0 then call('DEL', KEYS[W]) end
return #fields
`;

/** Removes the queue. */
export const remove = `return redis.call('UNLINK', unpack(KEYS))`;

/** ARGV: cursor, the beginning of a fence. Gives back what is held under it among some of the leases, without penalty; answers the next cursor, `0` at the end. */
export const giveBack = `${prelude}
local session, lists, mine = ARGV[2], {}, {}
local page = call('ZSCAN', KEYS[L], ARGV[1], 'COUNT', 1000)
for index = 1, #page[2], 2 do
  local lease = page[2][index]
  if sub(lease, 1, #session) == session and tonumber(page[2][index + 1]) > now then
    mine[#mine + 1] = lease
    place(lists, byte(lease, 12), sub(lease, 13))
  end
end
push('ZREM', KEYS[L], mine)
restore(0, lists)
if levels(0) > 0 then ring(0) end
return page[1]
`;
