import { describe, expect, it } from "vitest";
import type { BrowsePage } from "../contract/index.ts";
import { frame, never, textsOf, WORK, World } from "./testing.ts";

const filled = async (): Promise<World> => {
  const world = await World.open();
  await world.send(["held 1", "held 2"]);
  await world.receive();
  await world.send([
    frame("low 1", { priority: 1 }),
    frame("late", { delayMs: 90.5 }),
    frame("high 1", { priority: 9 }),
    frame("low 2", { priority: 1 }),
    frame("soon 1", { delayMs: 10 }),
    frame("soon 2", { delayMs: 10 }),
    frame("high 2", { priority: 9 }),
  ]);
  return world;
};
const all = ["high 1", "high 2", "low 1", "low 2", "soon 1", "soon 2", "late", "held 1", "held 2"];

async function* pages(world: World, max: number): AsyncGenerator<BrowsePage> {
  for (let cursor: string | undefined; ; ) {
    const page: BrowsePage = await world.backend.browse(WORK, { max, cursor }, never);
    yield page;
    if (page.cursor === undefined) return;
    cursor = page.cursor;
  }
}

describe("browse", () => {
  it.each([1, 2, 3, 4, 9, 50])("shows everything once, in pages of %d, and takes nothing", async (max) => {
    const world = await filled();
    const shown: string[] = [];
    const states: string[] = [];
    for await (const { frames } of pages(world, max)) {
      expect(frames.length).toBeLessThanOrEqual(max);
      expect(frames.length).toBeGreaterThan(0);
      shown.push(...textsOf(frames));
      states.push(...frames.map(({ state }) => state));
    }
    expect(shown).toEqual(all);
    const four = Array<string>(4).fill("ready");
    expect(states).toEqual([...four, "delayed", "delayed", "delayed", "leased", "leased"]);
    expect(await world.depth()).toBe("4/2/3");
    expect((await world.receive({ max: 1 }))[0]?.redelivery).toBe(0);
  });

  it("goes on where it was when frames before the cursor are gone", async () => {
    const world = await filled();
    const shown: string[] = [];
    for await (const { frames } of pages(world, 2)) {
      shown.push(...textsOf(frames));
      if (shown.length === 2) await world.ack(...(await world.receipts({ max: 3 })));
    }
    expect(shown).toEqual(["high 1", "high 2", "low 2", "soon 1", "soon 2", "late", "held 1", "held 2"]);
  });

  it.each(["", "x", "ready:11:0", "ready:1.5:0", "delayed:1.2.3:0", "leased:0:-1"])(
    "refuses the cursor %j",
    async (cursor) => {
      const world = await World.open();
      const browsing = world.backend.browse(WORK, { max: 1, cursor }, never);
      await expect(browsing).rejects.toThrow(expect.objectContaining({ code: "MISMATCH" }));
    },
  );

  it("of nothing is one empty page", async () => {
    const world = await World.open();
    expect(await world.backend.browse(WORK, { max: 5 }, never)).toEqual({ frames: [] });
  });
});

describe("purge", () => {
  it("removes what is ready and delayed, says how many, and leaves what is held", async () => {
    const world = await filled();
    expect(await world.backend.purge(WORK, never)).toBe(7);
    expect(await world.depth()).toBe("0/2/0");
    expect(await world.backend.purge(WORK, never)).toBe(0);
    await world.clock.advance(1000);
    expect(await world.depth()).toBe("2/0/0");
  });
});
