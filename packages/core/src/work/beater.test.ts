import { describe, expect, it } from "vitest";
import { beatFrames, packFrame, packTask } from "../codec/maker.ts";
import { tasksOf } from "../codec/pack.ts";
import { codecOf } from "../codec/testing.ts";
import type { Beat, Frame, OutFrame } from "../contract/index.ts";
import { replyQueue } from "../queues.ts";
import { readBeat } from "../result/reply-body.ts";
import { bodyOf, decoded, frameOf, RUN } from "../testing/frames.ts";
import { BrokerError, scripted } from "../testing/scripted-backend.ts";
import { Beater } from "./beater.ts";

const LEASE_MS = 900;
const ROOM_BYTES = 1_000;

function start(leaseMs = LEASE_MS) {
  const { clock, backend, calls } = scripted();
  const held = new Set<Frame>();
  const ended = new Map<Frame, ReadonlySet<number>>();
  const told: Beat[] = [];
  const beater = new Beater({
    calls,
    clock,
    worker: "w1",
    slots: 4,
    leaseMs,
    busy: () => 2,
    held: () => [...held].map((frame) => ({ frame, ended: ended.get(frame) })),
    reply: (coordinator) => replyQueue("default", coordinator),
    beatFrames: (beat) => beatFrames(beat, clock.wall(), ROOM_BYTES),
    sent: (beat) => void told.push(beat),
  });
  /** What was sent since the last look: by coordinator, in order. */
  const beats = async (): Promise<[string, Beat][]> => {
    await clock.settle();
    return backend.sent.splice(0).map(({ queue, frame }) => [queue.name, bodyOf(frame) as Beat]);
  };
  return { clock, backend, held, ended, told, beater, beats };
}

const of = (coordinator: string | undefined, index: number) => frameOf({ coordinator, index });

describe("Beater", () => {
  it("tells each coordinator of its own tasks in hand", async () => {
    const { held, told, beater, beats } = start();
    for (const frame of [of("c1", 0), of("c2", 7), of("c1", 1), of(undefined, 2)]) held.add(frame);
    beater.beat();
    const common = { worker: "w1", slots: 4, busy: 2, leaseMs: LEASE_MS, retries: [], progress: [] };
    expect(await beats()).toEqual([
      ["c1", { ...common, held: [[RUN, 0], [RUN, 1]] }],
      ["c2", { ...common, held: [[RUN, 7]] }],
    ]); // biome-ignore format: a table
    expect(told).toEqual([{ ...common, held: [[RUN, 0], [RUN, 1]] }, { ...common, held: [[RUN, 7]] }]); // biome-ignore format: a table
  });

  it("has a first word for each coordinator a second after its first frame, where that is before the regular beat", async () => {
    const { clock, held, beater, beats } = start(60_000);
    const take = (frame: Frame) => {
      held.add(frame);
      beater.came(frame);
    };
    const long = of("c1", 0);
    const short = of("c2", 1);
    for (const frame of [long, short, of("c1", 2), of(undefined, 3)]) take(frame);
    held.delete(short);
    await clock.advance(999);
    expect(await beats()).toEqual([]);
    await clock.advance(1);
    expect(await beats()).toMatchObject([["c1", { leaseMs: 60_000, held: [[RUN, 0], [RUN, 2]] }]]); // biome-ignore format: a table
    take(of("c1", 4));
    take(of("c2", 5));
    await clock.advance(5_000);
    expect((await beats()).map(([coordinator]) => coordinator)).toEqual(["c1", "c2"]);
    take(of("c2", 6));
    await clock.advance(5_000);
    expect(await beats()).toEqual([]);
  });

  it("has none for anybody where regular beats come as soon", async () => {
    const { clock, held, beater, beats } = start(3_000);
    held.add(of("c1", 0));
    beater.came(of("c1", 0));
    await clock.advance(5_000);
    expect(await beats()).toEqual([]);
  });

  it("says nothing where nobody waits", async () => {
    const { held, beater, beats } = start();
    held.add(of(undefined, 0));
    beater.beat();
    beater.idle();
    beater.retried(of(undefined, 0), 5);
    beater.progressed(of(undefined, 0), 5);
    expect(await beats()).toEqual([]);
  });

  it("tells a coordinator once that nothing of it is in hand any more", async () => {
    const { held, beater, beats } = start();
    const mine = of("c1", 0);
    held.add(mine).add(of("c2", 0));
    beater.beat();
    await beats();
    held.delete(mine);
    beater.beat();
    expect((await beats()).map(([to, { held: places }]) => [to, places])).toEqual([
      ["c2", [[RUN, 0]]],
      ["c1", []],
    ]);
    beater.beat();
    expect((await beats()).map(([to]) => to)).toEqual(["c2"]);
  });

  it("idle ends the watch without waiting for a beat, and only where somebody watches", async () => {
    const { held, beater, beats } = start();
    beater.idle();
    expect(await beats()).toEqual([]);
    held.add(of("c1", 0));
    beater.beat();
    await beats();
    held.clear();
    beater.idle();
    beater.idle();
    expect((await beats()).map(([to, { held: places }]) => [to, places])).toEqual([["c1", []]]);
    beater.idle();
    expect(await beats()).toEqual([]);
  });

  it("idle does not end the watch when something is in hand again", async () => {
    const { held, beater, beats } = start();
    held.add(of("c1", 0));
    beater.beat();
    await beats();
    held.clear();
    beater.idle();
    held.add(of("c1", 1));
    expect(await beats()).toEqual([]);
    beater.beat();
    expect((await beats())[0]?.[1].held).toEqual([[RUN, 1]]);
  });

  it("sends retries and progress soon, gathered, and says nothing of what is held", async () => {
    const { held, beater, beats } = start();
    held.add(of("c1", 9));
    beater.retried(of("c1", 0), 250);
    beater.progressed(of("c1", 9), { percent: 1 });
    beater.progressed(of("c1", 9), { percent: 2 });
    beater.progressed(of("c2", 3), "other");
    const sent = await beats();
    expect(sent.map(([to]) => to)).toEqual(["c1", "c2"]);
    expect(sent[0]?.[1]).toEqual({
      worker: "w1",
      slots: 4,
      busy: 2,
      leaseMs: LEASE_MS,
      retries: [[RUN, 0, 250]],
      progress: [[RUN, 9, { percent: 1 }], [RUN, 9, { percent: 2 }]],
    }); // biome-ignore format: a table
    expect(sent[1]?.[1].progress).toEqual([[RUN, 3, "other"]]);
    beater.beat();
    expect((await beats())[0]?.[1]).toMatchObject({ retries: [], progress: [] });
  });

  it("a beat carries the news that waits, so that it is sent once", async () => {
    const { held, beater, beats } = start();
    held.add(of("c1", 0));
    beater.retried(of("c1", 5), 10);
    beater.beat();
    const sent = await beats();
    expect(sent).toHaveLength(1);
    expect(sent[0]?.[1]).toMatchObject({ held: [[RUN, 0]], retries: [[RUN, 5, 10]] });
  });

  it("goes without progress that has no JSON", async () => {
    const { beater, beats } = start();
    beater.progressed(of("c1", 0), 1n);
    beater.retried(of("c1", 0), 10);
    expect((await beats())[0]?.[1]).toMatchObject({ progress: [], retries: [[RUN, 0, 10]] });
  });

  it("goes in several frames where its progress is too much for one, and without what is too much for any", async () => {
    const { held, beater, beats } = start();
    held.add(of("c1", 0));
    const values = ["a".repeat(400), "b".repeat(400), "c".repeat(ROOM_BYTES), 1n, "d".repeat(400)];
    for (const [index, value] of values.entries()) beater.progressed(of("c1", index), value);
    beater.retried(of("c1", 9), 10);
    beater.beat();
    const sent = (await beats()).map(([, beat]) => beat);
    expect(sent[0]).toMatchObject({ held: [[RUN, 0]], retries: [[RUN, 9, 10]] });
    expect(sent.slice(1).every(({ held: places, retries }) => places === undefined && retries.length === 0)).toBe(true);
    const told = sent.flatMap(({ progress }) => progress.map(([, index, value]) => [index, value]));
    expect(told).toEqual([0, 1, 4].map((index) => [index, values[index]]));
  });

  it("gives a beat up after a third of a lease, and does not call it sent", async () => {
    const { clock, backend, held, told, beater } = start();
    backend.onSend = () => {
      throw new BrokerError("UNAVAILABLE");
    };
    held.add(of("c1", 0));
    beater.beat();
    await clock.advance(LEASE_MS / 3);
    const tries = backend.log.length;
    expect(tries).toBeGreaterThan(1);
    await clock.advance(100 * LEASE_MS);
    expect(backend.log).toHaveLength(tries);
    expect(told).toEqual([]);
  });

  describe("of packs", () => {
    const packOf = (...indexes: readonly number[]) => {
      const tasks = indexes.map((index) => packTask(index, null, { task: "default" }, undefined));
      const waiting = undefined;
      const common = { run: RUN, coordinator: "c1", priority: 5, delayMs: 0, waiting, key: undefined, sentAt: 1 };
      return decoded((packFrame(common, tasks, codecOf()) as OutFrame).bytes);
    };

    it("names one place, first and count, where the indexes follow each other, else each", async () => {
      const { held, beater, beats } = start();
      held
        .add(packOf(3, 4, 5))
        .add(of("c1", 9))
        .add(packOf(20, 22));
      beater.beat();
      const [[, beat] = []] = await beats();
      expect(beat?.held).toEqual([[RUN, 3, 3], [RUN, 9], [RUN, 20], [RUN, 22]]); // biome-ignore format: one line
      expect(readBeat(beat)?.held).toEqual(beat?.held);
    });

    it("does not name what has ended of a pack, or was sent on: that is in other hands", async () => {
      const { held, ended, beater, beats } = start();
      const frame = packOf(3, 4, 5);
      held.add(frame);
      ended.set(frame, new Set([4]));
      beater.beat();
      expect((await beats()).map(([, beat]) => beat.held)).toEqual([[[RUN, 3], [RUN, 5]]]); // biome-ignore format: a table
    });

    it("says of each task when it comes again, where a whole pack goes back", async () => {
      const { beater, beats } = start();
      beater.retried(packOf(3, 4), 500);
      beater.retried(packOf(20, 22), 0);
      beater.retried(tasksOf(packOf(30, 32))[1] as Frame, 7);
      const [[, beat] = []] = await beats();
      expect(beat?.retries).toEqual([[RUN, 3, 500], [RUN, 4, 500], [RUN, 20, 0], [RUN, 22, 0], [RUN, 32, 7]]); // biome-ignore format: one line
    });

    it("says what one of its tasks reports as that task's", async () => {
      const { beater, beats } = start();
      beater.progressed(tasksOf(packOf(30, 32))[1] as Frame, "half");
      const [[, beat] = []] = await beats();
      expect(beat?.progress).toEqual([[RUN, 32, "half"]]);
    });
  });
});
