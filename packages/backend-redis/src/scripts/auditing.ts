import { prelude } from "./prelude.ts";

/** ARGV: a structure's place among the keys, from, max. Answers how many entries were read, then their fields. */
export const fields = `${prelude}
local index, from, max = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local start = index == L and 20 or index == D and 9 or 8
local entries = call(index > U and 'LRANGE' or 'ZRANGE', KEYS[index], from, from + max - 1)
local answer = { #entries }
for place, entry in ipairs(entries) do answer[place + 1] = sub(entry, start) end
return answer
`;

/** ARGV: cursor. Answers the next cursor, `0` at the end, and the fields of some records. */
export const records = `${prelude}
local page = call('HSCAN', KEYS[T], ARGV[1], 'COUNT', 1000)
local answer = { page[1] }
for place = 1, #page[2], 2 do answer[#answer + 1] = page[2][place] end
return answer
`;

/**
 * ARGV: `1` to repair, then fields. Looks for each in every structure at one moment, since what is moved on from one to another while they are read one
 * after the other may be seen in none; most are found soon, and only what is nowhere makes it read all. Answers how many have a record and nothing else;
 * to repair, they are lined up with the middle priority: theirs was in the structure that lost them.
 */
export const adopt = `${prelude}
local missing, left = {}, 0
for place = 2, #ARGV do
  if not missing[ARGV[place]] and call('HEXISTS', KEYS[T], ARGV[place]) == 1 then
    missing[ARGV[place]], left = true, left + 1
  end
end
local function search(command, key, start)
  local from, entries = 0, nil
  repeat
    entries = left > 0 and call(command, key, from, from + 999) or {}
    for _, entry in ipairs(entries) do
      local field = sub(entry, start)
      if missing[field] then missing[field], left = nil, left - 1 end
    end
    from = from + #entries
  until #entries < 1000
end
search('ZRANGE', KEYS[L], 20)
for index = 8, R do search('LRANGE', KEYS[index], 8) end
search('ZRANGE', KEYS[D], 9)
if left == 0 or ARGV[1] ~= '1' then return left end
local entries = {}
for field in pairs(missing) do entries[#entries + 1] = pack('>BI6', 0, call('HINCRBY', KEYS[M], 's', 1) - 1) .. field end
push('RPUSH', KEYS[R - 5], entries)
ring(0)
return left
`;
