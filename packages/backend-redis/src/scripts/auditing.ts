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

/** ARGV: fields. Lines up those that still have a record, with the middle priority: theirs was in the structure that lost them. Answers how many. */
export const adopt = `${prelude}
local entries = {}
for _, field in ipairs(ARGV) do
  if call('HEXISTS', KEYS[T], field) == 1 then
    entries[#entries + 1] = pack('>BI6', 0, call('HINCRBY', KEYS[M], 's', 1) - 1) .. field
  end
end
push('RPUSH', KEYS[R - 5], entries)
if #entries > 0 then ring(0) end
return #entries
`;
