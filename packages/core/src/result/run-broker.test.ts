import { describe, expect, it } from "vitest";
import type { Sent } from "../call.ts";
import type { OutFrame } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import { outFrame, RUN } from "../testing/frames.ts";
import { type Posted, RunBench, readRun } from "../testing/run-bench.ts";
import type { KeptFrame } from "./kept-frame.ts";
import type { Evidence } from "./silence.ts";

describe("the answers of the broker", () => {
  const start = async () => {
    const bench = new RunBench();
    bench.answering = false;
    const seen = readRun(bench.run);
    await bench.feed([0, "ref"]);
    return { bench, seen, first: bench.posted[0] as Posted, second: bench.posted[1] as Posted };
  };

  it("ok, and a repeat of our own id: dispatched", async () => {
    const { bench, first } = await start();
    first.done("ok");
    expect(bench.of("queue_dispatched")).toMatchObject([{ taskId: `${RUN}/0`, task: "mail", attempt: 1 }]);
    expect(bench.run.progress.sent).toBe(1);
    const again = await start();
    again.first.done("duplicate");
    expect(again.bench.run.progress.sent).toBe(1);
  });

  it("a repeat of the user's id: cancelled, since another one has it", async () => {
    const { bench, first, second, seen } = await start();
    second.done("duplicate");
    first.done("ok");
    bench.accept(0);
    await bench.clock.settle();
    expect(seen.outcomes).toEqual(["cancelled CANCELLED", "completed"]);
  });

  it("TOO_LARGE: that one is dead, the others go on", async () => {
    const { bench, first, second, seen } = await start();
    first.done(new DispatchError("TOO_LARGE", "x"));
    second.done("ok");
    bench.accept(1);
    await bench.clock.settle();
    expect([seen.outcomes, seen.thrown]).toEqual([["dead TOO_LARGE", "completed"], undefined]);
  });

  it.each<[string, Sent, string]>([
    ["the queue is gone", "gone", "MISSING"],
    ["a right is missing", new DispatchError("DENIED", "x"), "DENIED"],
    ["the backend is closed", new DispatchError("CLOSED", "x"), "CLOSED"],
  ])("%s: the run ends with it", async (_, answer, code) => {
    const { bench, first, seen } = await start();
    first.done(answer);
    await bench.clock.settle();
    expect(seen).toEqual({
      indexes: [0, 1],
      outcomes: ["cancelled CANCELLED", "cancelled CANCELLED"],
      ended: true,
      thrown: code,
    });
  });

  it("an answer that comes after the result: dispatched before its end, and once", async () => {
    const { bench, first } = await start();
    await bench.clock.advance(30);
    bench.accept(0);
    first.done("ok");
    expect(bench.run.progress.sent).toBe(1);
    expect(bench.events.map(({ event }) => event)).toEqual(["run_started", "queue_dispatched", "task_ended"]);
    expect(bench.of("task_ended")).toMatchObject([{ outcome: "completed", sent: true, lost: 0, ageMs: 30 }]);
  });

  it("an answer that comes after the end of what was not sent by then: it was not, as far as the books go", async () => {
    const { bench, first } = await start();
    bench.run.cancel();
    first.done("ok");
    expect(bench.of("queue_dispatched")).toEqual([]);
    expect(bench.of("task_ended")).toMatchObject([{ outcome: "cancelled", sent: false }, { sent: false }]);
    expect(bench.run.progress.sent).toBe(0);
  });

  it("an answer that comes after the task's end, or the run's, ends nothing twice", async () => {
    const { bench, first, second } = await start();
    bench.accept(0);
    first.done(new DispatchError("DENIED", "x"));
    bench.run.cancel();
    second.done("gone");
    expect(bench.run.summary).toMatchObject({ total: 2, completed: 1, cancelled: 1 });
    await expect(bench.run.finished()).resolves.toBeDefined();
  });
});

describe("what the broker lost", () => {
  const evidence: Evidence = {
    now: 10_000,
    elapsedMs: 1_000,
    repliesRead: true,
    // What comes after all that there is.
    passed: new Array(11).fill(10_001),
    queueEmpty: true,
    goneMs: 0,
    resendAfterMs: 1_000,
    maxResends: 2,
  };

  it("is sent again as the next round, then is dead VANISHED", async () => {
    const bench = new RunBench();
    const seen = readRun(bench.run);
    await bench.feed([0, 1]);
    bench.accept(1);
    for (const _ of [1, 2]) bench.open.look(evidence);
    expect(bench.posted.map(({ frame }) => frame.name).slice(2)).toEqual(["round 1", "round 2"]);
    expect(bench.of("task_resent")).toMatchObject([{ round: 1 }, { round: 2 }]);
    expect(bench.run.progress).toMatchObject({ sent: 2, outstanding: 1 });
    bench.open.look(evidence);
    await bench.clock.settle();
    expect(seen.outcomes).toEqual(["completed", "dead VANISHED"]);
    expect(bench.run.summary).toMatchObject({ resent: 2, dead: 1 });
  });

  it("is not sent again where its result comes while it is being made", async () => {
    const made: (() => void)[] = [];
    const resend = ({ first }: KeptFrame) =>
      new Promise<OutFrame>((resolve) => void made.push(() => resolve(outFrame({ index: first, round: 1 }))));
    const bench = new RunBench({ resend });
    await bench.feed([0, 1]);
    bench.open.look(evidence);
    expect([made.length, bench.posted.length]).toEqual([2, 2]);
    bench.accept(0);
    for (const resolve of made) resolve();
    await bench.clock.settle();
    expect(bench.posted.slice(2).map(({ frame }) => frame.id)).toEqual([`${RUN}/1`]);
  });

  it("is not sent again before the broker has answered the last one", async () => {
    const bench = new RunBench();
    await bench.feed([0]);
    bench.answering = false;
    bench.open.look(evidence);
    bench.open.look(evidence);
    expect(bench.posted).toHaveLength(2);
  });

  it("asks for probes at the priorities where nothing shows", async () => {
    const bench = new RunBench();
    await bench.feed([0, 1]);
    expect([...bench.open.look({ ...evidence, passed: [] })]).toEqual([5]);
    bench.accept(0);
    bench.accept(1);
    expect([...bench.open.look({ ...evidence, passed: [] })]).toEqual([]);
  });
});
