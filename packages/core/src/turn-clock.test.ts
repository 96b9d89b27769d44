import { expect, it } from "vitest";
import { VirtualClock } from "./clock.ts";
import type { Clock } from "./contract/index.ts";
import { TurnClock } from "./turn-clock.ts";

it("asks the clock once a turn", async () => {
  const inner = new VirtualClock();
  let asked = 0;
  const clock: Clock = {
    now: () => {
      asked += 1;
      return inner.now();
    },
    wall: () => inner.wall(),
    after: (ms, run) => inner.after(ms, run),
    soon: (run) => inner.soon(run),
  };
  const turn = new TurnClock(clock);
  expect([turn.now(), turn.now(), asked]).toEqual([0, 0, 1]);
  await inner.advance(70);
  expect([turn.now(), turn.now(), asked]).toEqual([70, 70, 2]);
});
