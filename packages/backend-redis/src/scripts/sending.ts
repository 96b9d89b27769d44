import { adding } from "./adding.ts";
import { prelude } from "./prelude.ts";

/** KEYS: one queue or more. ARGV: for each, how long it is kept after its last reader (0: for ever). Makes them; answers a new session for each. */
export const make = `${prelude}
local sessions = {}
for index = 1, #ARGV do
  local b = (index - 1) * R
  local last = tonumber(call('HGET', KEYS[b + M], 'f') or 0)
  local session = math.max(last + 1, at[1] * 1000000 + at[2])
  call('HSET', KEYS[b + M], 'f', string.format('%.0f', session))
  keep(b, tonumber(ARGV[index]))
  sessions[index] = session
end
return sessions
`;

/** ARGV: kind, window, keep, blob of frames (see blob.ts), then each frame that stands apart from it (kind 2 or 3). Answers a character a frame, or an empty text where the queue is gone. */
export const send = `${prelude}${adding}
local kind, windowMs, keepMs, blob = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
if not exists(0, keepMs) then return '' end
local firsts, priorities, delays, fields, frames = {}, {}, {}, {}, {}
local n, from, size, apart = 0, 1, #blob, 4
while from <= size do
  n = n + 1
  firsts[n], priorities[n], delays[n], fields[n], frames[n], from = struct.unpack('>BBI6I2c0I4c0', blob, from)
  if firsts[n] > 1 then
    apart = apart + 1
    firsts[n], frames[n] = firsts[n] - 2, ARGV[apart]
  end
end
return add(0, kind, windowMs, keepMs, n, firsts, priorities, delays, fields, frames)
`;
