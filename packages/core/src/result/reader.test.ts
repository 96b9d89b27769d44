import { describe, expect, it } from "vitest";
import { decodeFrame, encodeFrame } from "../codec/frame.ts";
import { beatFrames, replyFrame } from "../codec/maker.ts";
import { bodyOf } from "../codec/testing.ts";
import type { BadFrame, Delivery, OutFrame } from "../contract/index.ts";
import { replyQueue } from "../queues.ts";
import { outFrame, RUN } from "../testing/frames.ts";
import { aborted, BrokerError, deliveriesOf, scripted } from "../testing/scripted-backend.ts";
import { Reader } from "./reader.ts";

const LEASE_MS = 900;
const replyOf = (index: number) =>
  replyFrame(
    JSON.stringify({
      worker: "w1",
      results: [{ run: RUN, index, outcome: "completed", round: 0, attempts: 1, copy: 0, lost: 0, durationMs: 1 }],
      probes: [],
    }),
    0,
  );
const [beat] = beatFrames({ worker: "w2", slots: 1, busy: 0, held: [], retries: [], progress: [] }, 0, 9_999) as [
  OutFrame,
];

function message(type: "result" | "beat" | "control", body: string) {
  const bytes = encodeFrame({
    type,
    priority: 10,
    run: "AAAAAAAAAAA",
    first: 0,
    count: 0,
    extension: { firstSentAt: 0, tasks: [] },
    body,
  });
  return { bytes };
}

/** A reader that is given these batches, one for each time that it asks. */
function start(...batches: (readonly { readonly bytes: Uint8Array }[] | "fail")[]) {
  const { clock, backend, calls, random } = scripted();
  const stop = new AbortController();
  const log: string[] = [];
  const wants: number[] = [];
  backend.onReceive = (_, { max }, signal): Delivery[] | Promise<Delivery[]> => {
    wants.push(max);
    const batch = batches.shift();
    if (batch === "fail") throw new BrokerError("UNAVAILABLE");
    return batch === undefined ? aborted(signal) : deliveriesOf(batch);
  };
  const reader = new Reader({
    calls,
    clock,
    random,
    queue: replyQueue("default", "c1"),
    leaseMs: LEASE_MS,
    waitMs: 100,
    decode: (bytes) => decodeFrame(bytes, "default", ""),
    body: (frame) => bodyOf(frame),
    reply: ({ worker, results }) => log.push(`reply of ${worker}: ${results.map(({ index }) => index).join(" ")}`),
    beat: ({ worker }) => log.push(`beat of ${worker}`),
    acked: () => {},
    rejected: ({ bad }: BadFrame, bytes) => log.push(`rejected ${bad} ${bytes}`),
  });
  return { clock, backend, reader, stop, log, wants, run: reader.run(stop.signal) };
}

describe("Reader", () => {
  it("hands replies and beats on, then acks them", async () => {
    const { clock, backend, log } = start([replyOf(0), beat, replyOf(1)]);
    await clock.settle();
    expect(log).toEqual(["reply of w1: 0", "beat of w2", "reply of w1: 1"]);
    expect(backend.log).toEqual(["receive reply/c1", "ack 0", "ack 1", "ack 2", "receive reply/c1"]);
  });

  it.each<[string, { readonly bytes: Uint8Array }]>([
    ["what is no frame", { bytes: new Uint8Array([1, 2, 3]) }],
    ["a frame that is cut short", { bytes: replyOf(0).bytes.subarray(0, 27) }],
    ["a body that is no JSON", message("result", "{")],
    ["a forged reply", message("result", '{"worker":5}')],
    ["a forged beat", message("beat", "[]")],
    [
      "a beat that says it is a result",
      message("result", '{"worker":"w","slots":1,"busy":0,"retries":[],"progress":[]}'),
    ],
    ["a message from a coordinator", message("control", "{}")],
    ["a task", outFrame()],
    ["a reply that is nested too deep", message("result", `${"[".repeat(100)}${"]".repeat(100)}`)],
  ])("rejects %s, acks it, and goes on", async (_, bad) => {
    const { clock, backend, log } = start([bad, replyOf(1)]);
    await clock.settle();
    expect(log).toEqual([`rejected FRAME_INVALID ${bad.bytes.length}`, "reply of w1: 1"]);
    expect(backend.log).toContain("ack 0");
  });

  it("knows when the queue was read to its end: after fewer than it asked for", async () => {
    const full = Array.from({ length: 100 }, (_, index) => replyOf(index));
    const { clock, reader, wants, stop, run } = start("fail", full, [replyOf(0)]);
    expect(reader.emptyAt).toBe(Number.NEGATIVE_INFINITY);
    await clock.advance(49);
    expect(reader.emptyAt).toBe(Number.NEGATIVE_INFINITY);
    await clock.advance(1);
    expect([reader.emptyAt, wants]).toEqual([50, [100, 100, 100, 100]]);
    stop.abort();
    await run;
  });

  it("is not at the end of a queue that brings all that it asks for", async () => {
    const full = Array.from({ length: 100 }, (_, index) => replyOf(index));
    const { clock, reader } = start(full, full);
    await clock.settle();
    expect(reader.emptyAt).toBe(Number.NEGATIVE_INFINITY);
  });

  it("comes back after failures, and does not hurry", async () => {
    const { clock, log, wants, stop, run } = start("fail", "fail", "fail", [replyOf(7)]);
    await clock.settle();
    expect(wants).toHaveLength(1);
    await clock.advance(50 + 100 + 200);
    expect(log).toEqual(["reply of w1: 7"]);
    stop.abort();
    await run;
  });

  it("does not wait for its acks, and gives them up with the lease", async () => {
    const { clock, backend, log } = start([replyOf(0)], [replyOf(1)]);
    let tries = 0;
    backend.onSettle = () => {
      tries += 1;
      throw new BrokerError("UNAVAILABLE");
    };
    await clock.settle();
    expect(log).toHaveLength(2);
    await clock.advance(LEASE_MS);
    const last = tries;
    await clock.advance(100_000);
    expect(last).toBeGreaterThan(2);
    expect(tries).toBe(last);
  });

  it("ends when its signal fires, also while it waits after a failure", async () => {
    const { clock, stop, run, wants } = start("fail");
    await clock.settle();
    stop.abort();
    await run;
    expect(wants).toHaveLength(1);
  });

  it("takes its credit back as its last word, and waits for that not for long", async () => {
    const { clock, backend, stop, run } = start();
    await clock.settle();
    const receive = backend.receive.bind(backend);
    const wants: number[] = [];
    backend.receive = (queue, want, signal) => {
      wants.push(want.max);
      return want.max > 0 ? receive(queue, want, signal) : new Promise(() => {});
    };
    stop.abort();
    let hasEnded = false;
    void run.then(() => {
      hasEnded = true;
    });
    await clock.advance(LEASE_MS / 10 - 1);
    expect([wants, hasEnded]).toEqual([[0], false]);
    await clock.advance(1);
    expect(hasEnded).toBe(true);
  });
});
