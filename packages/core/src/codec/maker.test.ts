import { describe, expect, it } from "vitest";
import type { Beat, DeathNote, Frame, OutFrame } from "../contract/index.ts";
import { decodeFrame, isBad, readyAt } from "./frame.ts";
import { hopFrame } from "./hop.ts";
import * as maker from "./maker.ts";
import { bodyOf, payloadOf } from "./testing.ts";

const RUN = "q83vASNFZ4k";
const full: maker.NewTask = {
  run: RUN,
  index: 17,
  task: "render",
  payload: { file: "ü.svg" },
  coordinator: "coordinator-1",
  priority: 9,
  delayMs: 250,
  key: "tenant/7",
  id: "order 17",
  headers: { trace: "abc" },
  deadlineAt: 1_700_000_060_000,
  sentAt: 1_700_000_000_000,
};
const none = { coordinator: undefined, key: undefined, id: undefined, headers: undefined, deadlineAt: undefined };
const beatOf = (beat: Beat) => maker.beatFrames(beat, 5, Number.POSITIVE_INFINITY)[0] as OutFrame;
const death: DeathNote = {
  reason: "ATTEMPTS_EXHAUSTED",
  error: { name: "Error", message: "no", code: "ATTEMPTS_EXHAUSTED" },
  attempts: 5,
  lost: 2,
  firstSentAt: 1_700_000_000_000,
  diedAt: 1_700_000_100_000,
};

function decoded({ bytes }: OutFrame, queue = "mails", lane = "normal"): Frame {
  const frame = decodeFrame(bytes, queue, lane);
  if (isBad(frame)) throw new Error(frame.detail);
  return frame;
}
/** What a broker is told of a frame, beside its bytes. */
const told = ({ name, id, first, priority, delayMs, key }: OutFrame) => ({ name, id, first, priority, delayMs, key });
/** All that a task has of its own. */
const own = ({ tasks, coordinator, key, firstSentAt, priority, first, count, run }: Frame) => ({
  ...{
    tasks: JSON.parse(JSON.stringify(tasks)) as unknown,
    coordinator,
    key,
    firstSentAt,
    priority,
    first,
    count,
    run,
  },
});

describe("newRun", () => {
  it("is 11 characters of its own each time, and survives a frame", () => {
    const runs = new Set(Array.from({ length: 1_000 }, maker.newRun));
    expect(runs.size).toBe(1_000);
    for (const run of runs) {
      expect(run).toMatch(/^[A-Za-z0-9_-]{11}$/);
      expect(decoded(maker.taskFrame({ ...full, run })).run).toBe(run);
    }
  });
});

describe("a task", () => {
  it("with everything", () => {
    const sent = maker.taskFrame(full);
    const told17 = {
      name: `${RUN}/17#0.0~0`,
      id: "id:order 17",
      first: true,
      priority: 9,
      delayMs: 250,
      key: "tenant/7",
    };
    expect(told(sent)).toEqual(told17);
    const info = { task: "render", id: "order 17", headers: { trace: "abc" }, deadlineAt: 1_700_000_060_000 };
    expect(own(decoded(sent))).toEqual({
      ...{ tasks: [info], coordinator: "coordinator-1", key: "tenant/7", firstSentAt: 1_700_000_000_000 },
      ...{ priority: 9, first: 17, count: 1, run: RUN },
    });
    expect(payloadOf(decoded(sent))).toEqual({ value: { file: "ü.svg" } });
  });

  it("with nothing of its own is known by run and index", () => {
    const sent = maker.taskFrame({ ...full, ...none, payload: undefined, delayMs: 0 });
    const about = { name: `${RUN}/17#0.0~0`, id: `${RUN}/17`, first: true, priority: 9, delayMs: 0, key: undefined };
    expect(told(sent)).toEqual(about);
    expect(decoded(sent).tasks).toEqual([{ task: "render" }]);
    expect(payloadOf(decoded(sent))).toEqual({ value: null });
  });

  it("of a user's id that looks like ours is not taken for it", () => {
    const ours = maker.taskFrame({ ...full, ...none }).id;
    expect(maker.taskFrame({ ...full, id: ours }).id).not.toBe(ours);
  });
});

describe("a probe", () => {
  it("has no task, and says who asks", () => {
    const sent = maker.probeFrame(RUN, 3, "coordinator-1", 0, 1_700_000_000_000);
    const frame = decoded(sent);
    expect(own(frame)).toMatchObject({ tasks: [], coordinator: "coordinator-1", first: 3, count: 0, priority: 0 });
    expect(frame.type).toBe("task");
    expect(sent.first).toBe(false);
    expect(payloadOf(frame)).toMatchObject({ bad: "FRAME_INVALID" });
  });
});

describe("the next of a line", () => {
  const sent = maker.taskFrame(full);
  const first = decoded(sent);

  it("resend: the next round, at once, counters from 0, never a duplicate", () => {
    const retried = hopFrame(first, { round: 0, attempt: 3, copy: 2, lost: 1 }, 0);
    const resent = maker.resendFrame(retried.bytes, 1, retried.key);
    expect(told(resent)).toMatchObject({
      name: `${RUN}/17#1.0~0`,
      first: false,
      delayMs: 0,
      key: "tenant/7",
      priority: 9,
    });
    expect([decoded(resent).attempt, decoded(resent).lost]).toEqual([0, 0]);
    expect(own(decoded(resent))).toEqual(own(first));
  });

  it("copy: other counters, a delay, and the rest as it was", () => {
    const copy = hopFrame(first, { round: 0, attempt: 1, copy: 0, lost: 2 }, 1_500);
    const about = {
      name: `${RUN}/17#0.1~0`,
      id: "id:order 17",
      first: false,
      priority: 9,
      delayMs: 1_500,
      key: "tenant/7",
    };
    expect(told(copy)).toEqual(about);
    expect(own(decoded(copy))).toEqual(own(first));
    expect(decoded(copy).body).toEqual(first.body);
  });

  it("a dead letter: its payload, why, and where it came from", () => {
    const letter = maker.deadFrame(first, { round: 0, attempt: 5, copy: 1, lost: 2 }, death);
    expect(told(letter)).toMatchObject({ name: `${RUN}/17#0.5~1`, id: "id:order 17", first: false, delayMs: 0 });
    const read = decoded(letter, "elsewhere", "dead");
    expect([read.queue, read.lane, read.death]).toEqual(["mails", "normal", death]);
    expect(own(read)).toEqual(own(first));
    expect(payloadOf(read)).toEqual({ value: { file: "ü.svg" } });
  });

  it("redriven: the next round, without deadline and death, and its queue no longer said", () => {
    const letter = decoded(maker.deadFrame(first, { round: 4, attempt: 5, copy: 1, lost: 2 }, death), "x", "y");
    const again = maker.redriveFrame(letter, 1_800_000_000_000);
    expect(told(again)).toMatchObject({
      name: `${RUN}/17#5.0~0`,
      id: "id:order 17",
      first: false,
      delayMs: 0,
      key: "tenant/7",
    });
    const read = decoded(again, "read from", "here");
    expect([read.queue, read.lane, read.death, read.lost]).toEqual(["read from", "here", undefined, 0]);
    expect(readyAt(read)).toBe(1_800_000_000_000);
    expect(read.tasks[0]).toEqual({
      task: "render",
      id: "order 17",
      headers: expect.objectContaining({ trace: "abc" }),
    });
    expect(payloadOf(read)).toEqual({ value: { file: "ü.svg" } });
  });
});

describe("what was no frame", () => {
  const invalid: DeathNote = { ...death, reason: "FRAME_INVALID", attempts: 0, lost: 0 };

  const kept = (raw: Uint8Array) => {
    const letter = maker.rejectedFrame(raw, "mails", "high", invalid, RUN);
    expect(letter.first).toBe(false);
    const frame = decoded(letter, "x", "y");
    expect([frame.queue, frame.lane, frame.death, frame.tasks]).toEqual(["mails", "high", invalid, [{ task: "-" }]]);
    const body = payloadOf(frame);
    const { bytes, base64 } = ("bad" in body ? {} : body.value) as { bytes: number; base64: string };
    return { bytes, start: Buffer.from(base64, "base64") };
  };

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["all bytes", Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
    ["64 KiB", Buffer.alloc(65_536, 7)],
  ])("is wrapped whole so that it can be looked at: %s", (_, raw) => {
    expect(kept(raw)).toEqual({ bytes: raw.length, start: raw });
  });

  it.each([65_537, 13 * 1024 * 1024])(
    "is kept by its beginning, whatever its size: it must leave the work queue (%d)",
    (bytes) => {
      expect(kept(Buffer.alloc(bytes, 7))).toEqual({ bytes, start: Buffer.alloc(65_536, 7) });
    },
  );
});

describe("messages to a coordinator", () => {
  const beat: Beat = {
    worker: "w",
    slots: 2,
    busy: 1,
    held: [[RUN, 3]],
    retries: [[RUN, 4, 500]],
    progress: [[RUN, 3, "½"]],
  };
  const body = (frame: Frame) => bodyOf(frame);

  it("a reply carries its text as it is, before everything else", () => {
    const reply = maker.replyFrame('{"worker":"w","results":[],"probes":[]}', 5);
    const frame = decoded(reply);
    expect([frame.type, frame.count, frame.firstSentAt, reply.priority, reply.first]).toEqual([
      "result",
      0,
      5,
      10,
      false,
    ]);
    expect(body(frame)).toEqual({ value: { worker: "w", results: [], probes: [] } });
  });

  it("a beat comes back as it was", () => {
    const frame = decoded(beatOf(beat));
    expect([frame.type, frame.count, frame.priority]).toEqual(["beat", 0, 10]);
    expect(body(frame)).toEqual({ value: beat });
  });

  it.each([
    ["deeper than 64", JSON.parse("[".repeat(65) + "]".repeat(65)) as unknown],
    ["larger than 16 MiB", "x".repeat(16 * 1024 * 1024)],
  ])("a beat never fails: its reader takes it whatever the progress is, such as one %s", (_, value) => {
    const read = body(decoded(beatOf({ ...beat, progress: [[RUN, 3, value]] })));
    expect(read).toMatchObject({ value: { worker: "w", held: [[RUN, 3]], retries: [[RUN, 4, 500]] } });
  });

  it("a beat never fails: with more in hand than a body may hold, it goes as it is", () => {
    const held = Array.from({ length: 1_500_000 }, (_, index) => [RUN, index] as const) as unknown as Beat["held"];
    expect(maker.beatFrames({ ...beat, held }, 5, 1_000)).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    [
      "a circle",
      (() => {
        const circle: unknown[] = [];
        circle.push(circle);
        return circle;
      })(),
    ],
    ["a big integer", 1n],
    [
      "a toJSON that throws",
      {
        toJSON: () => {
          throw new Error("no");
        },
      },
    ],
  ])("a beat never fails: progress of %s is left out", (_, value) => {
    const frame = decoded(beatOf({ ...beat, progress: [[RUN, 3, value]] }));
    expect(body(frame)).toEqual({ value: { ...beat, progress: [] } });
  });
});
