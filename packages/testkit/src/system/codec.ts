import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { OutFrame } from "@org/dispatch-core/contract";
import { area, verbs } from "../case.ts";
import { everyTaskOnce, saysWhy } from "../invariants.ts";
import type { Process } from "../world/process.ts";
import { unwired, wired } from "../world/wire.ts";
import { WORK, type World } from "../world/world.ts";

/** Where the four codecs stand in a frame, two bytes; see docs on the frame. */
const CODECS_AT = 2;

/** A broker that changes what this process sends: the bytes of the tasks with these indexes. */
const changing = (indexes: readonly number[], change: (bytes: Buffer) => Buffer) => (process: Process) =>
  process.intercept("send", ({ args, proceed }) => {
    const [queue, frames, signal] = args as [unknown, readonly OutFrame[], AbortSignal];
    const changed = frames.map((frame) => {
      const index = Number(/\/(\d+)#/.exec(frame.name)?.[1]);
      if (!indexes.includes(index)) return frame;
      const { name, id, first, priority, delayMs, key } = frame;
      const { profile } = process.backend;
      const bytes = wired(profile, change(unwired(profile, frame.bytes)));
      return { bytes, name, id, first, priority, delayMs, key };
    });
    return proceed(queue, changed, signal);
  });

/** Frames that come from nobody, as they are. */
const forge = async (world: World, all: readonly Uint8Array[]) => {
  const { backend } = world.process("forger");
  const never = new AbortController().signal;
  const open = { receive: [], send: [WORK], create: true, leaseMs: world.leaseMs, clock: world.clock };
  await world.time.wait(backend.open(open, never), "the forger opens");
  const frames = all.map((bytes, index) => {
    const id = `forged-${index}`;
    return { bytes, name: `${id}#0.0~0`, id, first: true, priority: 5, delayMs: 0, key: undefined };
  });
  const outcomes = await world.time.wait(backend.send(WORK, frames, never), "the forger sends");
  assert.deepEqual(
    outcomes,
    frames.map(() => "ok"),
  );
};

/** Frames that cannot be read, or not be trusted. */
export const codecCases = area("system", "codec", {
  "unknown-codec-to-dead": {
    cites: ["I1", "I9"],
    expects: "a frame of an unknown codec ends dead as CODEC_UNKNOWN, with its bytes kept; its neighbours complete",
    when: verbs("browse"),
    async run(world) {
      const unknown = changing([2, 5], (bytes) => {
        bytes.writeUInt16BE(0x1e00, CODECS_AT);
        return bytes;
      });
      const { dispatcher } = await world.dispatcher({}, unknown);
      await world.worker({ handler: (n: number) => n });
      const results = await world.results(dispatcher.run("default", Array(8).keys()));
      everyTaskOnce(results, 8);
      for (const { index, outcome, error } of results) {
        const bad = index === 2 || index === 5;
        assert.deepEqual([outcome, error?.code], bad ? ["dead", "CODEC_UNKNOWN"] : ["completed", undefined]);
      }
      const letters = await world.deadLetters();
      assert.deepEqual(
        letters.map(({ reason }) => reason),
        ["CODEC_UNKNOWN", "CODEC_UNKNOWN"],
      );
      for (const letter of letters) saysWhy(letter);
      assert.equal(world.ledger.runs.length, 6);
    },
  },

  "damaged-body-to-dead": {
    cites: ["I1", "I9"],
    expects: "a frame whose body is damaged, or too deep, ends dead as FRAME_INVALID; its neighbours complete",
    when: verbs("browse"),
    async run(world) {
      const cut = (bytes: Buffer) => bytes.subarray(0, bytes.length - 2);
      const { dispatcher } = await world.dispatcher({}, changing([1], cut));
      await world.worker({ handler: (n: unknown) => typeof n });
      const results = await world.results(dispatcher.run("default", ["a", "b", "c"]));
      everyTaskOnce(results, 3);
      assert.deepEqual(results.map(({ index, error }) => [index, error?.code]).sort(), [
        [0, undefined],
        [1, "FRAME_INVALID"],
        [2, undefined],
      ]);
      const [letter] = await world.deadLetters();
      assert.equal(letter?.reason, "FRAME_INVALID");
    },
  },

  "garbage-to-dead": {
    cites: ["I1", "I2", "I9"],
    expects:
      "bytes that are not a frame end in the dead letters with their reason; they stop nobody and count on nobody",
    when: verbs("browse", "depth"),
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const real: Uint8Array[] = [];
      const keep = (process: Process) =>
        process.intercept("send", ({ args, proceed }) => {
          for (const { bytes } of args[1] as readonly OutFrame[]) real.push(bytes);
          return proceed();
        });
      const { dispatcher: sample } = await world.dispatcher({}, keep);
      await world.time.wait(sample.send("default", "sample"), "a sample is sent");
      const { profile } = world;
      const frame = unwired(profile, real[0] as Uint8Array);
      const version = Buffer.from(frame);
      version[1] = 0xf0;
      const type = Buffer.from(frame);
      type[1] = (type[1] as number & 0xf0) | 0x0f;
      const damaged = [Buffer.alloc(1), randomBytes(500), Buffer.alloc(28, 0xd7), frame.subarray(0, 30), version, type];
      const garbage = [Buffer.from("{}"), ...damaged.map((bytes) => wired(profile, bytes))];
      await forge(world, garbage);
      await world.worker({ handler: (n: unknown) => n });
      everyTaskOnce(await world.results(dispatcher.run("default", Array(10).keys())), 10);
      await world.time.until(() => world.events.count("frame_rejected") >= garbage.length, "all garbage is rejected");
      await world.rest();
      const letters = await world.deadLetters();
      assert.deepEqual(
        letters.map(({ reason }) => reason),
        garbage.map(() => "FRAME_INVALID"),
      );
      for (const letter of letters) saysWhy(letter);
      assert.equal(world.ledger.runs.length, 11);
    },
  },

  "payload-is-data": {
    cites: ["I17"],
    expects:
      "a payload's keys mean nothing to the dispatcher: __proto__, constructor and the like arrive as data, and change nothing",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const text = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toJSON":1,"then":2}';
      await world.worker({ handler: (payload: unknown) => ({ text: JSON.stringify(payload), echo: payload }) });
      const [result] = await world.results(
        dispatcher.run<unknown, { text: string; echo: unknown }>("default", [JSON.parse(text)]),
      );
      assert.equal(result?.value?.text, text);
      assert.equal(JSON.stringify(result?.value?.echo), text);
      assert.equal(({} as { polluted?: boolean }).polluted, undefined);
    },
  },
});
