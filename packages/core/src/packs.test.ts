import { describe, expect, it } from "vitest";
import type { BodyCodec, Payloads } from "./codec/body.ts";
import { bytesOf, copyBytes } from "./codec/frame.ts";
import { packFrame, packTask } from "./codec/maker.ts";
import { codecOf } from "./codec/testing.ts";
import type { BadFrame, Frame, OutFrame } from "./contract/index.ts";
import { DispatchError } from "./errors.ts";
import type { Eventual } from "./eventual.ts";
import { type HeldTask, Hold } from "./lease/hold.ts";
import { WatchedClock } from "./memory/testing.ts";
import { Packs, type PacksPort, wholeOf } from "./packs.ts";
import type { Verdict } from "./settle/verdict.ts";
import { decoded, frameOf, RUN } from "./testing/frames.ts";
import { receiptOf } from "./testing/scripted-backend.ts";

const TARGET_MS = 100;
const RETRY_MS = 250;
const codec = codecOf({ compress: "off" });
const GROUP = undefined;

function packOf(payloads: readonly unknown[], first = 0): Frame {
  const tasks = payloads.map((payload, position) => packTask(first + position, payload, { task: "default" }, GROUP));
  const common = {
    run: RUN,
    coordinator: "c1",
    priority: 5,
    delayMs: 0,
    waiting: undefined,
    key: undefined,
    sentAt: 1,
  };
  return decoded((packFrame(common, tasks, codec) as OutFrame).bytes);
}

/** `Packs` with a worker that the test plays: its slots are a list of what was admitted. */
function packsBench(options: Partial<PacksPort> & { payloads?: (frame: Frame) => Eventual<Payloads> } = {}) {
  const { payloads, ...port } = options;
  const clock = new WatchedClock();
  const waiting: HeldTask[] = [];
  const told: string[] = [];
  const bad: string[] = [];
  let filled = 0;
  const nameOf = ({ frame, whole }: HeldTask) => (whole ? `whole ${frame.first}+${frame.count}` : `${frame.first}`);
  const say = (task: HeldTask, verdict: Verdict) => {
    const how = verdict.kind === "released" ? `${verdict.reason}${verdict.begun ? " as a copy" : ""} after ${verdict.delayMs}` : verdict.kind; // biome-ignore format: one line
    told.push(`${nameOf(task)} ${how}`);
  };
  const reader = payloads === undefined ? codec : ({ payloads } as unknown as BodyCodec);
  const packs = new Packs({
    clock,
    codec: reader,
    targetPackMs: TARGET_MS,
    maxLost: 3,
    lossNeedsCopy: false,
    retryMs: RETRY_MS,
    stopping: () => false,
    wasForwarded: () => false,
    admit: (task) => void waiting.push(task),
    admitted: () => {
      filled += 1;
    },
    withdraw: (wanted) => {
      const out = waiting.filter(wanted);
      waiting.splice(0, waiting.length, ...waiting.filter((task) => !wanted(task)));
      return out;
    },
    settle: say,
    bad: (task, { bad: code }: BadFrame, letter) =>
      bad.push(`${nameOf(task)} ${code}${letter ? " with a letter" : ""}`),
    ...port,
  });
  const hold = (frame: Frame, lost = 0) => new Hold(receiptOf("pack"), frame, lost, 1e9);
  const take = (frame = packOf(["a", "b", "c"]), lost = 0) => {
    const held = hold(frame, lost);
    packs.take(wholeOf(held), 1);
    return held;
  };
  const begin = () => {
    const task = waiting.shift() as HeldTask;
    packs.begun(task);
    return task;
  };
  return { clock, packs, waiting, told, bad, take, begin, hold, filled: () => filled };
}

describe("a pack in hand", () => {
  it("is admitted task by task, each with its payload", () => {
    const { waiting, told, take } = packsBench();
    take(packOf(["a", { b: 1 }], 7));
    expect(waiting.map(({ frame, whole, isLoaded, value }) => [frame.first, whole, isLoaded && value])).toEqual([
      [7, false, "a"],
      [8, false, { b: 1 }],
    ]);
    expect(told).toEqual([]);
  });

  it.each<[string, number, number, string]>([
    ["never lost", 3, 0, "runs"],
    ["lost once", 3, 1, "runs"],
    ["lost twice", 3, 2, "is split"],
    ["lost more often", 3, 3, "is split"],
    ["lost once, and that is the most", 1, 1, "is split"],
    ["never lost, where nothing may be", 0, 0, "is split"],
    ["lost once, where two are the most", 2, 1, "runs"],
    ["lost twice, where two are the most", 2, 2, "is split"],
  ])("%s (of at most %d: %d): %s", (_, maxLost, lost, what) => {
    const { waiting, told, take } = packsBench({ maxLost });
    take(undefined, lost);
    if (what === "runs") expect([waiting.length, told]).toEqual([3, []]);
    else expect([waiting.length, told]).toEqual([0, [0, 1, 2].map((n) => `${n} split as a copy after 0`)]);
  });

  it("what of it went on from here before is not split off again", () => {
    const { told, take } = packsBench({ wasForwarded: ({ first }) => first === 1 });
    take(undefined, 2);
    expect(told).toEqual(["0 split as a copy after 0", "1 done", "2 split as a copy after 0"]);
  });

  it("a loss that only a copy remembers is written before anything runs; once there, it runs", () => {
    const { waiting, told, take } = packsBench({ lossNeedsCopy: true });
    take(undefined, 1);
    expect([waiting.length, told]).toEqual([0, ["whole 0+3 lost as a copy after 0"]]);
    const written = decoded(copyBytes(bytesOf(packOf(["a", "b"])), { round: 0, attempt: 0, copy: 1, lost: 1 }));
    take(written, 1);
    expect(waiting).toHaveLength(2);
  });

  it("that cannot be read: one letter for all, and an end for each", () => {
    for (const lost of [0, 2]) {
      const { bad, told, waiting, packs, take } = packsBench({
        payloads: () => ({ bad: "CODEC_UNKNOWN", detail: "9" }),
      });
      const { frame } = take(undefined, lost);
      expect(bad).toEqual(["0 CODEC_UNKNOWN with a letter", "1 CODEC_UNKNOWN", "2 CODEC_UNKNOWN"]);
      expect([told, waiting.length]).toEqual([[], 0]);
      expect(packs.alone(frame)).toBe(frame);
    }
  });

  it("that can be split no more, whatever is tried: its letter is the whole of it", () => {
    const { bad, told, take } = packsBench({ maxLost: 3 });
    // It says of itself that it was lost so often; else that is first written into it, and it is tried again.
    take(undefined, 7);
    expect([bad, told]).toEqual([[], ["whole 0+3 lost as a copy after 0"]]);
    take(decoded(copyBytes(bytesOf(packOf(["a", "b", "c"])), { round: 0, attempt: 0, copy: 1, lost: 3 })), 7);
    expect(bad).toEqual(["0 FRAME_INVALID with a letter", "1 FRAME_INVALID", "2 FRAME_INVALID"]);
  });

  it("that kills whoever splits it comes to its end also where the broker tells one loss at most", () => {
    const { bad, told, take } = packsBench({ maxLost: 3, lossNeedsCopy: true });
    const lostBefore = (lost: number) =>
      decoded(copyBytes(bytesOf(packOf(["a", "b", "c"])), { round: 0, attempt: 0, copy: lost, lost }));
    for (let lost = 0; lost < 7; lost += 1) take(lostBefore(lost), lost + 1);
    expect(told).toEqual(Array(7).fill("whole 0+3 lost as a copy after 0"));
    take(lostBefore(7), 7);
    expect(bad).toEqual(["0 FRAME_INVALID with a letter", "1 FRAME_INVALID", "2 FRAME_INVALID"]);
  });

  describe("whose body has to be fetched", () => {
    function fetched(options: Partial<PacksPort> = {}) {
      let arrive!: (payloads: Payloads) => void;
      let fail!: (error: unknown) => void;
      const body = new Promise<Payloads>((resolve, reject) => {
        arrive = resolve;
        fail = reject;
      });
      return { ...packsBench({ payloads: () => body, ...options }), arrive, fail };
    }

    it("is admitted when it is there, and the slots are told", async () => {
      const { waiting, take, arrive, filled } = fetched();
      take();
      expect(waiting).toEqual([]);
      arrive({ values: [1, 2, 3] });
      await Promise.resolve();
      expect([waiting.map(({ isLoaded, value }) => isLoaded && value), filled()]).toEqual([[1, 2, 3], 1]);
    });

    it("goes back whole where the store is away, for a while", async () => {
      const { told, take, fail } = fetched();
      take();
      fail(new DispatchError("UNAVAILABLE", "x"));
      await Promise.resolve();
      await Promise.resolve();
      expect(told).toEqual([`whole 0+3 released after ${RETRY_MS}`]);
    });

    it.each<[string, boolean]>([
      ["is there", true],
      ["is not to be had", false],
    ])("goes back whole, at once, where the worker stops before it %s", async (_, arrives) => {
      let stopping = false;
      const { told, waiting, take, arrive, fail } = fetched({ stopping: () => stopping });
      take();
      stopping = true;
      if (arrives) arrive({ values: [1, 2, 3] });
      else fail(new DispatchError("UNAVAILABLE", "x"));
      await Promise.resolve();
      await Promise.resolve();
      expect([told, waiting]).toEqual([["whole 0+3 released after 0"], []]);
    });
  });
});

describe("what has not begun of a pack", () => {
  it("goes on when the pack is at work for four times what it should take", async () => {
    const { clock, told, take, begin } = packsBench();
    take();
    await clock.advance(10 * TARGET_MS);
    begin();
    await clock.advance(4 * TARGET_MS - 1);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual(["1 split as a copy after 0", "2 split as a copy after 0"]);
  });

  it("is only of that pack", async () => {
    const { clock, told, waiting, take, begin } = packsBench();
    take();
    take(packOf(["x", "y"], 10));
    begin();
    await clock.advance(4 * TARGET_MS);
    expect(told).toEqual(["1 split as a copy after 0", "2 split as a copy after 0"]);
    expect(waiting.map(({ frame }) => frame.first)).toEqual([10, 11]);
  });

  it("is counted from the first that begins, once", async () => {
    const { clock, told, take, begin } = packsBench();
    take();
    begin();
    await clock.advance(3 * TARGET_MS);
    begin();
    await clock.advance(TARGET_MS);
    expect(told).toEqual(["2 split as a copy after 0"]);
    await clock.advance(10 * TARGET_MS);
    expect(told).toHaveLength(1);
  });

  it("gives back whole what nothing of has begun, and sends on the rest of others", () => {
    const { packs, told, waiting, take, begin, hold } = packsBench();
    take();
    take(packOf(["x", "y"], 10));
    begin();
    const single = wholeOf(hold(frameOf({ index: 7 })));
    packs.giveBack([...waiting, single]);
    expect(told).toEqual([
      "1 released as a copy after 0",
      "2 released as a copy after 0",
      "whole 10+2 released after 0",
      "whole 7+1 released after 0",
    ]);
  });

  it("does not go back whole where one of its tasks has its end already, without having begun", () => {
    const { packs, told, waiting, take } = packsBench();
    take();
    waiting.shift();
    packs.giveBack(waiting);
    expect(told).toEqual(["1 released as a copy after 0", "2 released as a copy after 0"]);
  });
});
