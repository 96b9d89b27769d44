import { adding } from "./adding.ts";
import { prelude } from "./prelude.ts";

/**
 * KEYS: several queues. ARGV: a kind each, as one text; a keep each, with commas; blob of moves. Answers a text a move: `0`, or `L` and a character a
 * receipt (`1` lost), or `G` and a character a send (`1` gone).
 */
export const move = `${prelude}${adding}
local kinds, blob, from = ARGV[1], ARGV[3], 1
local keeps, answers = {}, {}
for each in string.gmatch(ARGV[2], '%d+') do keeps[#keeps + 1] = tonumber(each) end
while from <= #blob do
  local receipts, sends, lost, gone = nil, nil, false, false
  receipts, from = struct.unpack('>I2', blob, from)
  local outcomes, leasesOf = {}, {}
  for index = 1, receipts do
    local queue, ack, lease
    queue, ack, lease, from = struct.unpack('>I2BI2c0', blob, from)
    local of = leasesOf[queue]
    if not of then
      of = { leases = {}, places = {}, acks = {} }
      leasesOf[queue] = of
    end
    of.leases[#of.leases + 1] = lease
    of.places[#of.places + 1] = index
    of.acks[#of.acks + 1] = ack
  end
  for queue, of in pairs(leasesOf) do
    for index, score in ipairs(held(queue * R, of.leases)) do
      outcomes[of.places[index]] = score and '0' or '1'
      lost = lost or not score
    end
  end
  sends, from = struct.unpack('>I2', blob, from)
  local to, targets = {}, {}
  for index = 1, sends do
    local queue, priority, delay, field, frame
    queue, priority, delay, field, frame, from = struct.unpack('>I2BI6I2c0I4c0', blob, from)
    local of = to[queue]
    if not of then
      of = { firsts = {}, priorities = {}, delays = {}, fields = {}, frames = {}, isThere = exists(queue * R, keeps[queue + 1]) }
      to[queue] = of
    end
    targets[index] = of.isThere and '0' or '1'
    gone = gone or not of.isThere
    local n = #of.frames + 1
    of.firsts[n], of.priorities[n], of.delays[n], of.fields[n], of.frames[n] = 0, priority, delay, field, frame
  end
  if lost then
    answers[#answers + 1] = 'L' .. table.concat(outcomes)
  elseif gone then
    answers[#answers + 1] = 'G' .. table.concat(targets)
  else
    for queue, of in pairs(leasesOf) do
      local ended, fields = {}, {}
      for index, lease in ipairs(of.leases) do
        if of.acks[index] == 1 then
          ended[#ended + 1] = lease
          fields[#fields + 1] = sub(lease, 20)
        end
      end
      push('ZREM', KEYS[queue * R + L], ended)
      forget(queue * R, fields)
    end
    for queue, of in pairs(to) do
      add(queue * R, sub(kinds, queue + 1, queue + 1), 0, keeps[queue + 1], #of.frames, of.firsts, of.priorities, of.delays, of.fields, of.frames)
    end
    answers[#answers + 1] = '0'
  end
end
return answers
`;
