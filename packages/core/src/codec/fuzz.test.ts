import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { BadFrame, DataCode } from "../contract/index.ts";
import { cpuMs } from "../testing/cpu-time.ts";
import { decodeFrame, isBad } from "./frame.ts";
import { hopFrame } from "./hop.ts";
import { wrapping } from "./json.ts";
import { beatFrames, deadFrame, probeFrame, redriveFrame, replyFrame, taskFrame } from "./maker.ts";
import { codecOf } from "./testing.ts";

const RUN = "q83vASNFZ4k";
const PAUSE_MS = 50;
const codes: readonly DataCode[] = [
  "INPUT_INVALID",
  "FRAME_INVALID",
  "CODEC_UNKNOWN",
  "DECRYPT_FAILED",
  "BLOB_MISSING",
];
const death = {
  reason: "REJECTED",
  error: { name: "Error", message: "no", code: "REJECTED" },
  attempts: 1,
  lost: 0,
  firstSentAt: 1,
  diedAt: 2,
} as const;

const sent = taskFrame({
  run: RUN,
  index: 7,
  task: "render",
  payload: { text: "ü", list: [[1], { a: null }] },
  coordinator: "coordinator-1",
  priority: 5,
  delayMs: 0,
  key: "tenant",
  id: "order 7",
  headers: { trace: "abc", tenant: "t" },
  deadlineAt: 1_700_000_060_000,
  sentAt: 1_700_000_000_000,
}).bytes;
const whole = decodeFrame(sent, "q", "normal");
if (isBad(whole)) throw new Error(whole.detail);
const result = {
  run: RUN,
  index: 7,
  outcome: "completed",
  value: 1,
  round: 0,
  attempts: 1,
  copy: 0,
  lost: 0,
  durationMs: 1,
};
const seeds: readonly Uint8Array[] = [
  sent,
  deadFrame(whole, { round: 0, attempt: 1, copy: 0, lost: 0 }, death).bytes,
  probeFrame(RUN, 1, "coordinator-1", 5, 1).bytes,
  replyFrame(JSON.stringify({ worker: "w", results: [result], probes: [] }), 1).bytes,
  ...beatFrames(
    { worker: "w", slots: 1, busy: 1, held: [[RUN, 7]], retries: [], progress: [[RUN, 7, "½"]] },
    1,
    9_999,
  ).map(({ bytes }) => bytes),
];

const codec = codecOf();

function checkBad({ bad, detail }: BadFrame): void {
  expect(codes).toContain(bad);
  expect(typeof detail).toBe("string");
}

/** Everything that any stage may ask of a frame from outside. */
function readAll(bytes: Uint8Array): void {
  const frame = decodeFrame(bytes, "q", "normal");
  if (isBad(frame)) {
    checkBad(frame);
    return;
  }
  expect(frame.name).toMatch(/^[\w-]{11}\/\d+(\+\d+)?#\d+\.\d+~\d+$/);
  expect(frame.priority).toBeLessThanOrEqual(10);
  for (const info of frame.tasks) {
    expect(typeof info.task).toBe("string");
    for (const value of Object.values(info.headers ?? {})) expect(typeof value).toBe("string");
    if (frame.tasks.length > 1) break;
  }
  // What has to be unfolded elsewhere is another test's.
  for (const body of [codec.decodeBody(frame, wrapping.reply), codec.payloads(frame)])
    if ("bad" in body) checkBad(body);
  const counters = { round: frame.round, attempt: frame.attempt + 1, copy: frame.copy + 1, lost: frame.lost + 1 };
  const copies = [hopFrame(frame, counters, 0), deadFrame(frame, counters, death), redriveFrame(frame, 1)];
  for (const copy of copies) expect(decodeFrame(copy.bytes, "q", "normal")).not.toHaveProperty("bad");
}

/** No throw, and no pause, in CPU time; the collector may come in between, so what is slow is measured again. */
function check(bytes: Uint8Array): void {
  let bestMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3 && bestMs > PAUSE_MS; round += 1) {
    const startedAt = cpuMs();
    readAll(bytes);
    bestMs = Math.min(bestMs, cpuMs() - startedAt);
  }
  expect(bestMs).toBeLessThanOrEqual(PAUSE_MS);
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const kinds = [0x10, 0x11, 0x12, 0x13];

describe("bytes from outside", () => {
  const before = Object.getOwnPropertyNames(Object.prototype);
  afterAll(() => expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before));

  it("of any kind: 4,000 runs", { timeout: 30_000 }, () => {
    fc.assert(fc.property(bytes(400), check), { numRuns: 4_000 });
  });

  it("behind a good start of a header: 4,000 runs", { timeout: 30_000 }, () => {
    const started = fc
      .tuple(fc.constantFrom(...kinds), bytes(400))
      .map(([kind, rest]) => Uint8Array.from([0xd7, kind, ...rest]));
    fc.assert(fc.property(started, check), { numRuns: 4_000 });
  });

  it("behind a whole header, as extension and body: 4,000 runs", { timeout: 30_000 }, () => {
    const framed = fc.tuple(fc.constantFrom(...kinds), bytes(200), bytes(100)).map(([kind, extension, body]) => {
      const head = Buffer.from(sent.subarray(0, 28));
      head.writeUInt8(kind, 1);
      head.writeUIntBE(extension.length, 25, 3);
      return Buffer.concat([head, extension, body]);
    });
    fc.assert(fc.property(framed, check), { numRuns: 4_000 });
  });

  it("good frames with one byte that is wrong: 12,000 runs", { timeout: 60_000 }, () => {
    const mutated = fc.tuple(fc.constantFrom(...seeds), fc.nat(), fc.nat(255)).map(([seed, place, byte]) => {
      const copy = Buffer.from(seed);
      copy.writeUInt8(byte, place % copy.length);
      return copy;
    });
    fc.assert(fc.property(mutated, check), { numRuns: 12_000, endOnFailure: true });
  });

  it("good frames with one bit that is wrong: every one", { timeout: 60_000 }, () => {
    for (const seed of seeds) {
      for (let bit = 0; bit < seed.length * 8; bit += 1) {
        const copy = Buffer.from(seed);
        copy.writeUInt8((copy[bit >>> 3] as number) ^ (1 << (bit & 7)), bit >>> 3);
        check(copy);
      }
    }
  });
});
