import { prelude } from "./prelude.ts";

/** ARGV: lease, blob of leases. Answers `0` held, `1` lost, a character each. Never shortens. */
export const renew = `${prelude}
local leases, changes, outcomes, from, blob = {}, {}, {}, 1, ARGV[2]
while from <= #blob do leases[#leases + 1], from = struct.unpack('>I2c0', blob, from) end
local over = string.format('%.0f', now + 1 + tonumber(ARGV[1]))
for index, score in ipairs(held(0, leases)) do
  outcomes[index] = score and '0' or '1'
  if score then
    changes[#changes + 1] = over
    changes[#changes + 1] = leases[index]
  end
end
for from = 1, #changes, MOST do call('ZADD', KEYS[L], 'XX', 'GT', unpack(changes, from, math.min(#changes, from + MOST - 1))) end
return table.concat(outcomes)
`;

/** ARGV: blob of: 0 ack or 1 release, delay, lease. Answers as `renew`. */
export const settle = `${prelude}
local kinds, delays, leases, outcomes, from, blob = {}, {}, {}, {}, 1, ARGV[1]
local n, releases = 0, false
while from <= #blob do
  n = n + 1
  kinds[n], delays[n], leases[n], from = struct.unpack('>BI6I2c0', blob, from)
  releases = releases or kinds[n] == 1
end
local ended, fields, lists, delayed, released, given = {}, {}, {}, {}, false, {}
for index, score in ipairs(held(0, leases)) do
  local lease = leases[index]
  -- What was released earlier in this batch is held no more; an ack twice changes nothing.
  if releases then
    score = score and not given[lease]
    given[lease] = true
  end
  outcomes[index] = score and '0' or '1'
  if score then
    ended[#ended + 1] = lease
    if kinds[index] == 0 then
      fields[#fields + 1] = sub(lease, 20)
    elseif delays[index] > 0 then
      delayed[#delayed + 1] = now + 1 + delays[index]
      delayed[#delayed + 1] = sub(lease, 12)
    else
      place(lists, byte(lease, 12), sub(lease, 13))
      released = true
    end
  end
end
push('ZREM', KEYS[L], ended)
forget(0, fields)
restore(0, lists)
if #delayed > 0 then
  push('ZADD', KEYS[D], delayed)
  follow(0, KEYS[D])
end
if released or #delayed > 0 then ring(0) end
return table.concat(outcomes)
`;
