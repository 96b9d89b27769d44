import { VirtualClock } from "@org/dispatch-core";
import { describe, expect, it } from "vitest";
import { Feeding } from "./feeding.ts";
import type { Fetched, LogLink } from "./port.ts";
import { Tracker } from "./tracker.ts";

const place = { topic: "t", partition: 0 };

/** One partition, which is read by fetches that the test answers. */
function bench() {
  const clock = new VirtualClock();
  const tracker = new Tracker(place, { base: 0, done: [], lostBelow: 0 });
  const fetches: ((records: number) => void)[] = [];
  const link = {
    leaderOf: () => "1",
    fetch: (_leader: string, asks: readonly { readonly offset: number }[]) =>
      new Promise<readonly Fetched[]>((resolve) => {
        const { offset: from = 0 } = asks[0] ?? {};
        fetches.push((count) => {
          const records = Array.from({ length: count }, (_, at) => ({ offset: from + at, key: null, value: Buffer.from("x") })); // biome-ignore format: one line
          resolve([{ ...place, records, high: from + count }]);
        });
      }),
  };
  const feeding = new Feeding({
    clock,
    link: link as unknown as LogLink,
    trackers: () => [tracker],
    has: () => true,
    meaning: () => "none",
    brought: () => {},
    restart: async () => {},
    failed: () => {},
  });
  const answer = async (at: number, records: number) => {
    fetches[at]?.(records);
    await clock.settle();
  };
  return { clock, tracker, fetches, feeding, answer };
}

describe("reading ahead", () => {
  it("waits until what was just read is taken: the next fetch is for all that has come meanwhile", async () => {
    const { clock, tracker, fetches, feeding, answer } = bench();
    feeding.kick();
    await answer(0, 2);
    await clock.advance(19);
    expect(fetches).toHaveLength(1);
    tracker.next();
    tracker.next();
    feeding.kick();
    await clock.settle();
    expect(fetches).toHaveLength(2);
  });

  it("does not wait for long for who is slow, nor after a fetch that brought nothing", async () => {
    const { clock, fetches, feeding, answer } = bench();
    feeding.kick();
    await answer(0, 2);
    await clock.advance(20);
    expect(fetches).toHaveLength(2);
    await answer(1, 0);
    expect(fetches).toHaveLength(3);
  });

  it("ends while it waits", async () => {
    const { clock, fetches, feeding, answer } = bench();
    feeding.kick();
    await answer(0, 2);
    feeding.end();
    await clock.advance(1_000);
    expect(fetches).toHaveLength(1);
  });
});
