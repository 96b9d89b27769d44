import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemClock } from "../clock.ts";
import type { Delivery, Frame, OutFrame, Queue } from "../contract/index.ts";
import { memory } from "../memory/index.ts";
import { wireOf } from "../wire.ts";
import type { BodyCodec, Compress } from "./body.ts";
import { blobOf } from "./claim.ts";
import { decodeFrame, isBad } from "./frame.ts";
import { hopFrame } from "./hop.ts";
import { wrapping } from "./json.ts";
import { deadFrame, redriveFrame, rejectedFrame, replyFrame, resendFrame, taskFrame } from "./maker.ts";
import { codecOf, newTask, noise, profileOf, RUN, shelf } from "./testing.ts";

// I17: bytes in = bytes out, through every codec, retry and claim check, over a broker.

const WORK: Queue = { role: "work", name: "normal", of: "mails" };
const never = new AbortController().signal;
const death = {
  reason: "ATTEMPTS_EXHAUSTED",
  error: { name: "Error", message: "no ".repeat(500), code: "ATTEMPTS_EXHAUSTED", stack: "at x\n".repeat(1_000) },
  attempts: 5,
  lost: 1,
  firstSentAt: 1,
  diedAt: 2,
} as const;

/** Sends a frame over a broker that carries bytes or text, and takes it again. */
async function over(wire: "bytes" | "ascii") {
  const backend = memory();
  await backend.open({ receive: [WORK], send: [WORK], create: true, leaseMs: 60_000, clock: systemClock() }, never);
  const { toWire, fromWire } = wireOf({ wire });
  return async (sent: OutFrame, frameBytes: number): Promise<Frame> => {
    const out = toWire(sent);
    expect(out.bytes.length).toBeLessThanOrEqual(frameBytes);
    if (wire === "ascii") expect(out.bytes.every((byte) => byte < 128)).toBe(true);
    expect(await backend.send(WORK, [out], never)).toEqual(["ok"]);
    const [got] = (await backend.receive(WORK, { max: 1, waitMs: 0, leaseMs: 60_000 }, never)) as [Delivery];
    await backend.settle([{ kind: "ack", receipt: got.receipt }], never);
    const frame = decodeFrame(fromWire(got.bytes), WORK.of, WORK.name);
    if (isBad(frame)) throw new Error(frame.detail);
    return frame;
  };
}

async function payloadOf(codec: BodyCodec, frame: Frame): Promise<unknown> {
  const read = await codec.payloads(frame);
  if ("bad" in read) throw new Error(`${read.bad}: ${read.detail}`);
  return read.values[0];
}

const payloads = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: "grapheme", maxLength: 2_000 }),
  fc.array(fc.jsonValue(), { maxLength: 40 }),
  fc.nat(20_000).map((characters) => noise(characters)),
  fc.nat(20_000).map((times) => "again ".repeat(times)),
);

describe.each(["off", "gzip", "zstd", "brotli"] as const)("compressed by %s", (compress: Compress) => {
  it.each(["bytes", "ascii"] as const)(
    "on a wire of %s, a payload is the same after every way that a frame goes",
    { timeout: 60_000 },
    async (wire) => {
      const frameBytes = 10_000;
      const blobs = shelf();
      const codec = codecOf({ compress, blobs, compressAboveBytes: 200, profile: profileOf(frameBytes, wire) });
      const carry = await over(wire);
      const roundTrip = fc.asyncProperty(payloads, async (payload) => {
        const expected = JSON.parse(JSON.stringify(payload)) as unknown;
        const sent = await taskFrame(newTask({ payload, coordinator: "c1" }), codec);
        const first = await carry(sent, frameBytes);
        expect(await payloadOf(codec, first)).toEqual(expected);
        const again = await carry(resendFrame(sent.bytes, 1, sent.key), frameBytes);
        expect(await payloadOf(codec, again)).toEqual(expected);
        const copy = await carry(hopFrame(first, { round: 0, attempt: 1, copy: 0, lost: 2 }, 0), frameBytes);
        expect(await payloadOf(codec, copy)).toEqual(expected);
        const dead = await carry(deadFrame(copy, copy, death, codec), frameBytes);
        expect([await payloadOf(codec, dead), dead.death?.reason]).toEqual([expected, "ATTEMPTS_EXHAUSTED"]);
        const redriven = await carry(redriveFrame(dead, 1), frameBytes);
        expect(await payloadOf(codec, redriven)).toEqual(expected);
        const key = blobOf(redriven);
        expect([...blobs.blobs.keys()]).toEqual(key === undefined ? [] : [key]);
        await codec.removeBlob(redriven);
        expect(blobs.blobs.size).toBe(0);
      });
      await fc.assert(roundTrip, { numRuns: 60 });
    },
  );

  it("results are the same, large ones by claim check", async () => {
    const blobs = shelf();
    const codec = codecOf({ compress, blobs, profile: profileOf(10_000) });
    const carry = await over("bytes");
    for (const value of ["x", "again ".repeat(5_000), noise(50_000)]) {
      const body = { worker: "w", results: [{ value }], probes: [] };
      const frame = await carry(await replyFrame(JSON.stringify(body), 1, codec), 10_000);
      expect(await codec.decodeBody(frame, wrapping.reply)).toEqual({ value: body });
      await codec.removeBlob(frame);
    }
    expect(blobs.blobs.size).toBe(0);
  });
});

describe("a frame that fills the limit", () => {
  it.each([10_000, 262_144, 1_000_000])("can still be retried and buried, where it is %d", async (frameBytes) => {
    const codec = codecOf({ compress: "off", profile: profileOf(frameBytes) });
    const headBytes = taskFrame(newTask({ payload: "" })).bytes.length;
    const payload = noise(frameBytes - Math.min(1_024, frameBytes / 8) - headBytes);
    const own = { queue: "q".repeat(128), lane: "l".repeat(128) };
    const frame = decodeFrame((await taskFrame(newTask({ payload }), codec)).bytes, own.queue, own.lane);
    if (isBad(frame)) throw new Error(frame.detail);
    expect(() => taskFrame(newTask({ payload: `${payload}!` }), codec)).toThrow(
      expect.objectContaining({ code: "TOO_LARGE" }),
    );
    const letter = deadFrame(frame, frame, { ...death, error: { ...death.error, cause: "E".repeat(128) } }, codec);
    expect(letter.bytes.length).toBeLessThanOrEqual(frameBytes);
    const read = decodeFrame(letter.bytes, "", "");
    if (isBad(read)) throw new Error(read.detail);
    expect(read).toMatchObject({ ...own, death: { reason: "ATTEMPTS_EXHAUSTED", attempts: 5 } });
    expect(await payloadOf(codec, read)).toBe(payload);
  });

  it("has a letter with all that is known where there is room", () => {
    const frame = decodeFrame(taskFrame(newTask()).bytes, "q", "l");
    if (isBad(frame)) throw new Error(frame.detail);
    const read = decodeFrame(deadFrame(frame, frame, death, codecOf()).bytes, "", "");
    expect(read).toMatchObject({ death });
  });

  it.each(["bytes", "ascii"] as const)(
    "and what was no frame is kept by as much of its beginning as has room (%s)",
    (wire) => {
      const raw = Buffer.alloc(100_000, 7);
      const letter = rejectedFrame(
        raw,
        "q",
        "l",
        { ...death, error: { ...death.error, stack: undefined } },
        RUN,
        codecOf({ profile: profileOf(20_000, wire) }),
      );
      expect(wireOf({ wire }).toWire(letter).bytes.length).toBeLessThanOrEqual(20_000);
      const read = decodeFrame(letter.bytes, "", "");
      expect(isBad(read)).toBe(false);
    },
  );
});

it("blobs are kept as long as the task waits for its time, wherever it waits", async () => {
  const day = 86_400_000;
  const blobs = shelf();
  const codec = codecOf({ blobs, compress: "off", profile: profileOf(10_000) });
  const task = newTask({ payload: noise(20_000) });
  await taskFrame({ ...task, delayMs: 5 * day }, codec);
  const waiting = { queue: "q", lane: "l", dueAt: task.sentAt + 40 * day, leaveAt: task.sentAt + day };
  await taskFrame({ ...task, waiting }, codec);
  expect(blobs.expiries).toEqual([19 * day, 54 * day]);
});
