import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { OutFrame } from "@org/dispatch-core/contract";
import { area, verbs } from "../case.ts";
import { everyTaskOnce, saysWhy } from "../invariants.ts";
import { never } from "../world/bare.ts";
import type { Process } from "../world/process.ts";
import { unwired, wired } from "../world/wire.ts";
import { WORK, type World } from "../world/world.ts";

/** Task frames as version 1 writes them, without their index: `{ payload, attempt, headers }`. They lie in brokers: never change one, add more. */
const golden = [
  {
    name: "q83vASNFZ4k/17#0.0~0",
    hex: "d710100005000000000000abcdef01234567890000001100010000080106018bcfe568005b6e756c6c5d",
    seen: { payload: null, attempt: 1, lost: 0, headers: {} },
  },
  {
    // The second round of a task that has failed twice, been sent on three times, and was lost once; with headers.
    name: "q83vASNFZ4k/18#1.2~3",
    hex:
      "d710100009010002000301abcdef01234567890000001200010000" +
      "190106018bcfe56800130f7b227472616365223a22616263227d" +
      "5b7b2266696c65223a22c3bc2e737667222c227061676573223a5b312c325d7d5d",
    seen: { payload: { file: "ü.svg", pages: [1, 2] }, attempt: 3, lost: 1, headers: { trace: "abc" } },
  },
];

/** Where the codecs, and the length of the extension, stand in a frame. */
const CODECS_AT = 2;
const EXTENSION_AT = 25;
const HEADER_BYTES = 28;
/** JSON, then gzip. */
const GZIPPED = 0x1200;

/** The same frame with a body that says it unfolds to `saysBytes`, and unfolds to `isBytes`. */
function bombed(frame: Buffer, saysBytes: number, isBytes: number): Buffer {
  const body = HEADER_BYTES + frame.readUIntBE(EXTENSION_AT, 3);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(saysBytes);
  const bomb = Buffer.concat([frame.subarray(0, body), size, gzipSync(Buffer.alloc(isBytes, 0x20))]);
  bomb.writeUInt16BE(GZIPPED, CODECS_AT);
  return bomb;
}

const send = async (world: World, frames: readonly OutFrame[]) => {
  const { backend } = world.process("sender");
  const open = { receive: [], send: [WORK], create: true, leaseMs: world.leaseMs, clock: world.clock };
  await world.time.wait(backend.open(open, never), "open answers");
  const answers = await world.time.wait(backend.send(WORK, frames, never), "send answers");
  assert.deepEqual(
    answers,
    frames.map(() => "ok"),
  );
};

/** Frames from elsewhere: old ones, and evil ones. */
export const frameCases = area("system", "codec", {
  "golden-frames": {
    cites: ["I8", "I17"],
    expects:
      "frames that an earlier version has left in the broker are run as what they are, counters and headers included",
    async run(world) {
      const seen: unknown[] = [];
      await world.worker({
        handler: (payload: unknown, { attempt, lost, headers }) => {
          seen.push({ payload, attempt, lost, headers: { ...headers } });
        },
      });
      const frames = golden.map(({ name, hex }): OutFrame => {
        const bytes = wired(world.profile, Buffer.from(hex, "hex"));
        return {
          bytes,
          name,
          id: name.slice(0, name.lastIndexOf("#")),
          first: true,
          priority: 5,
          delayMs: 0,
          key: undefined,
        };
      });
      for (const [index, frame] of frames.entries()) {
        await send(world, [frame]);
        await world.time.until(() => world.events.count("queue_completed") === index + 1, `${frame.name} completes`);
      }
      assert.deepEqual(
        seen,
        golden.map((one) => one.seen),
      );
    },
  },

  "bomb-refused": {
    cites: ["I1", "I9", "I19"],
    expects:
      "a compressed body that unfolds to too much, or to something else than it says, ends dead as FRAME_INVALID and is not unfolded",
    when: verbs("browse"),
    async run(world) {
      const bombs = new Map([
        [1, (bytes: Buffer) => bombed(bytes, 0xffff_ffff, 1_000)],
        [2, (bytes: Buffer) => bombed(bytes, 1_000, 1_000_000)],
        [3, (bytes: Buffer) => bombed(bytes, 200_000_000, 2_000_000)],
      ]);
      const armed = (process: Process) =>
        process.intercept("send", ({ args, proceed }) => {
          const [queue, frames, signal] = args as [unknown, readonly OutFrame[], AbortSignal];
          const { profile } = process.backend;
          const changed = frames.map((frame) => {
            const bomb = bombs.get(Number(/\/(\d+)#/.exec(frame.name)?.[1]));
            const { name, id, first, priority, delayMs, key } = frame;
            const bytes = bomb === undefined ? frame.bytes : wired(profile, bomb(unwired(profile, frame.bytes)));
            return { bytes, name, id, first, priority, delayMs, key };
          });
          return proceed(queue, changed, signal);
        });
      const { dispatcher } = await world.dispatcher({}, armed);
      await world.worker({ handler: (n: number) => n });
      const results = await world.results(dispatcher.run("default", Array(5).keys()));
      everyTaskOnce(results, 5);
      for (const { index, outcome, error } of results)
        assert.deepEqual(
          [outcome, error?.code],
          bombs.has(index) ? ["dead", "FRAME_INVALID"] : ["completed", undefined],
          `task ${index}`,
        );
      const letters = await world.deadLetters();
      assert.deepEqual(
        letters.map(({ reason }) => reason),
        Array(3).fill("FRAME_INVALID"),
      );
      for (const letter of letters) saysWhy(letter);
    },
  },
});
