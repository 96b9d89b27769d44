import { describe, expect, it } from "vitest";
import { WatchedClock } from "../memory/testing.ts";
import { Packer, type PackerPort, type PackGroup } from "./packer.ts";

const GROUP: PackGroup = { priority: 5, delayMs: 0 };
const WAIT_MS = 10;

function packerBench(port: Partial<PackerPort<number>> = {}) {
  const clock = new WatchedClock();
  const packs: { readonly group: PackGroup; readonly tasks: readonly number[] }[] = [];
  const packer = new Packer<number>({
    clock,
    packBytes: 1_000,
    size: () => 3,
    mayWait: () => false,
    waitMs: WAIT_MS,
    roomToSend: () => undefined,
    packed: (group, tasks) => packs.push({ group, tasks: [...tasks] }),
    ...port,
  });
  const add = (tasks: readonly number[], group = GROUP, bytes = 1) => {
    for (const task of tasks) packer.add(group, task, bytes);
  };
  return { clock, packer, packs, add, sent: () => packs.map(({ tasks }) => tasks.join(" ")) };
}

/** A way out that takes so many packs, and says when it takes more. */
function wayOut(places: number) {
  let left = places;
  let free: (() => void)[] = [];
  return {
    room: () => (left > 0 ? undefined : new Promise<void>((resolve) => free.push(resolve))),
    took: () => {
      left -= 1;
    },
    give(more: number) {
      left += more;
      for (const resolve of free) resolve();
      free = [];
    },
  };
}

describe("a packer", () => {
  it("gathers what comes within a turn, and cuts it to size", async () => {
    const { clock, add, sent } = packerBench();
    add([0, 1, 2, 3]);
    await Promise.resolve();
    add([4, 5, 6]);
    expect(sent()).toEqual([]);
    await clock.settle();
    expect(sent()).toEqual(["0 1 2", "3 4 5", "6"]);
  });

  it("asks for the size when all has come", async () => {
    let came = 0;
    const { clock, add, sent } = packerBench({ size: () => came });
    for (came = 0; came < 4; came += 1) add([came]);
    await clock.settle();
    expect(sent()).toEqual(["0 1 2 3"]);
  });

  it("keeps apart what may not travel together, each in its order", async () => {
    const { clock, add, packs } = packerBench();
    const groups: PackGroup[] = [
      GROUP,
      { priority: 6, delayMs: 0 },
      { priority: 5, delayMs: 1 },
      { priority: 5, delayMs: 0, key: "k" },
      { priority: 5, delayMs: 0, key: "" },
    ];
    for (const from of [0, 10]) for (const [n, group] of groups.entries()) add([from + n], { ...group });
    await clock.settle();
    expect(packs.map(({ group, tasks }) => [group.priority, group.delayMs, group.key, ...tasks])).toEqual([
      [5, 0, undefined, 0, 10],
      [6, 0, undefined, 1, 11],
      [5, 1, undefined, 2, 12],
      [5, 0, "k", 3, 13],
      [5, 0, "", 4, 14],
    ]);
  });

  it("says of a group only what it is about: what its first task had besides is nobody else's", async () => {
    const { clock, packer, packs } = packerBench();
    packer.add({ ...GROUP, headers: { a: "b" } } as PackGroup, 1, 1);
    await clock.settle();
    expect(packs[0]?.group).toEqual({ priority: 5, delayMs: 0, key: undefined });
  });

  it("cuts to the bytes of a pack; what is larger alone goes alone", async () => {
    const { clock, add, sent } = packerBench({ size: () => 100 });
    add([0, 1], GROUP, 400);
    add([2], GROUP, 200);
    add([3], GROUP, 1);
    add([4], GROUP, 5_000);
    add([5, 6], GROUP, 500);
    add([7], GROUP, 1);
    await clock.settle();
    expect(sent()).toEqual(["0 1 2", "3", "4", "5 6", "7"]);
  });

  it("keeps what fills no pack for a while, as long as there is enough to do", async () => {
    const asked: number[] = [];
    const { clock, add, sent } = packerBench({ mayWait: (pending) => asked.push(pending) > 0 });
    add([0, 1, 2, 3]);
    await clock.settle();
    expect([sent(), asked]).toEqual([["0 1 2"], [4]]);
    add([4]);
    await clock.settle();
    expect([sent(), asked]).toEqual([["0 1 2"], [4, 2]]);
    add([5, 6]);
    await clock.settle();
    expect(sent()).toEqual(["0 1 2", "3 4 5"]);
    await clock.advance(WAIT_MS - 1);
    expect(sent()).toEqual(["0 1 2", "3 4 5"]);
    await clock.advance(1);
    expect(sent()).toEqual(["0 1 2", "3 4 5", "6"]);
  });

  it("keeps nothing where the workers have too little to do", async () => {
    const { clock, add, sent } = packerBench({ mayWait: (pending) => pending > 3 });
    add([0, 1]);
    await clock.settle();
    expect(sent()).toEqual(["0 1"]);
    expect(clock.set.size).toBe(0);
  });

  it("keeps each group's rest, and the timer is one for all", async () => {
    const { clock, add, sent } = packerBench({ mayWait: () => true });
    add([0]);
    add([1], { ...GROUP, priority: 6 });
    await clock.settle();
    expect([sent(), clock.set.size]).toEqual([[], 1]);
    await clock.advance(WAIT_MS);
    expect([sent(), clock.set.size]).toEqual([["0", "1"], 0]);
  });

  it("flushes everything at once, in order, and leaves no timer", async () => {
    const { clock, packer, add, sent } = packerBench({ mayWait: () => true });
    add([0]);
    await clock.settle();
    expect(clock.set.size).toBe(1);
    add([1, 2, 3]);
    packer.flush();
    expect([sent(), clock.set.size]).toEqual([["0 1 2", "3"], 0]);
    await clock.advance(10 * WAIT_MS);
    packer.flush();
    expect(sent()).toEqual(["0 1 2", "3"]);
  });

  it("cuts no pack before there is room for it, to the size that is wanted then", async () => {
    let size = 2;
    const way = wayOut(2);
    const packs: string[] = [];
    const packed = (_: PackGroup, tasks: readonly number[]) => {
      packs.push(tasks.join(" "));
      way.took();
    };
    const { clock, packer, add } = packerBench({ size: () => size, roomToSend: way.room, packed });
    add([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await clock.settle();
    expect(packs).toEqual(["0 1", "2 3"]);
    size = 4;
    add([10]);
    packer.end();
    await clock.advance(2 * WAIT_MS);
    expect(packs).toEqual(["0 1", "2 3"]);
    way.give(1);
    await clock.settle();
    expect(packs).toEqual(["0 1", "2 3", "4 5 6 7"]);
    way.give(5);
    await clock.settle();
    expect(packs).toEqual(["0 1", "2 3", "4 5 6 7", "8 9 10"]);
    expect(clock.set.size).toBe(0);
  });

  it("gives every group its turn where there is little room", async () => {
    const way = wayOut(1);
    const packs: number[] = [];
    const packed = ({ priority }: PackGroup) => {
      packs.push(priority);
      way.took();
    };
    const { clock, add } = packerBench({ size: () => 1, roomToSend: way.room, packed });
    for (const priority of [1, 2, 3]) add([0, 1], { ...GROUP, priority });
    await clock.settle();
    for (let turn = 0; turn < 5; turn += 1) {
      way.give(1);
      await clock.settle();
    }
    expect(packs).toEqual([1, 2, 3, 1, 2, 3]);
  });

  it("lets nothing be overtaken for want of room", async () => {
    const way = wayOut(0);
    const { clock, packer, add, sent } = packerBench({ roomToSend: way.room });
    add([0, 1, 2, 3]);
    await clock.settle();
    expect(sent()).toEqual([]);
    packer.flush();
    expect(sent()).toEqual(["0 1 2", "3"]);
    way.give(1);
    await clock.settle();
    expect([sent(), clock.set.size]).toEqual([["0 1 2", "3"], 0]);
  });

  it("loses nothing and doubles nothing, whatever comes when", async () => {
    let size = 1;
    const way = wayOut(3);
    const packs: { readonly group: PackGroup; readonly tasks: readonly number[] }[] = [];
    const { clock, packer, add } = packerBench({
      size: () => size,
      mayWait: (pending) => pending % 3 !== 0,
      roomToSend: way.room,
      packed(group, tasks) {
        packs.push({ group, tasks });
        way.took();
      },
    });
    let state = 7;
    const random = (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state >>> 8) % below;
    };
    let next = 0;
    for (let step = 0; step < 2_000; step += 1) {
      size = 1 + random(7);
      const what = random(12);
      if (what < 7) add([next++], { priority: random(3), delayMs: 0 }, 1 + random(600));
      else if (what === 7) await clock.settle();
      else if (what === 8) await clock.advance(random(2 * WAIT_MS));
      else if (what === 9) packer.flush();
      else if (what === 10) packer.end();
      else way.give(random(6));
    }
    packer.flush();
    const all = packs.flatMap(({ tasks }) => tasks);
    expect(all.length).toBe(next);
    expect(new Set(all).size).toBe(next);
    for (const priority of [0, 1, 2]) {
      const own = packs.filter(({ group }) => group.priority === priority).flatMap(({ tasks }) => tasks);
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
    expect(Math.max(...packs.map(({ tasks }) => tasks.length))).toBeLessThanOrEqual(7);
    await clock.advance(WAIT_MS);
    expect(clock.set.size).toBe(0);
  });
});
