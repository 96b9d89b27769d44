import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type SendOutcome, UNLIMITED } from "@org/dispatch-core/contract";
import { area, verbs } from "../case.ts";
import { Bare, frameOf, never, OTHER, REPLY, textsOf } from "../world/bare.ts";
import { wired } from "../world/wire.ts";
import { WORK, type World } from "../world/world.ts";

const whole = async (world: World, all: readonly Uint8Array[]) => {
  const bare = await Bare.open(world);
  for (const [index, bytes] of all.entries()) {
    assert.deepEqual(await bare.send([frameOf(`frame-${index}`, { bytes })]), ["ok"]);
    const [delivery] = await bare.receive({ max: 1 });
    assert.ok(delivery !== undefined, "I1: what was sent did not come");
    assert.ok(Buffer.from(delivery.bytes).equals(bytes), `I17: ${bytes.length} bytes came back changed`);
    assert.deepEqual(await bare.ack(delivery), ["ok"]);
  }
};

const kind = (outcome: SendOutcome) => (typeof outcome === "object" ? "failed" : outcome);

/** What `send` answers, and what comes out at the other end. */
export const seamSendCases = area("seam", "send", {
  "single.roundtrip-identical": {
    cites: ["I1", "I17"],
    expects: "a frame comes back as it was sent",
    run: (world) => whole(world, [Buffer.from("hello"), Buffer.alloc(10_000, "x")]),
  },

  "bytes.all-256-values-and-empty": {
    cites: ["I17"],
    expects: "every byte value survives, and so does a frame without bytes",
    when: ({ wire }) => wire === "bytes" || `wire ${wire}`,
    run: (world) => whole(world, [Uint8Array.from({ length: 256 }, (_, byte) => byte), new Uint8Array(0)]),
  },

  unicode: {
    cites: ["I17"],
    expects: "text of any script survives, as the wire carries it",
    run(world) {
      const texts = ["naïve ☃ 日本語 🚀 \u202e", '{"quoted":"\\"\\n\\u0000"}'];
      return whole(
        world,
        texts.map((text) => wired(world.profile, Buffer.from(text))),
      );
    },
  },

  "limit.frame-bytes-exact": {
    cites: ["I17"],
    expects: "a frame of exactly limits.frameBytes is taken",
    when: ({ limits }) => limits.frameBytes < UNLIMITED || "limits.frameBytes UNLIMITED",
    run: (world) => whole(world, [Buffer.alloc(world.profile.limits.frameBytes, "y")]),
  },

  "limit.over-is-refused-before-send": {
    cites: ["I1"],
    expects: "a task above limits.frameBytes is refused as TOO_LARGE, and nothing is sent",
    when: ({ limits }) =>
      limits.frameBytes <= 2 ** 20 || `limits.frameBytes ${limits.frameBytes}: above what core encodes`,
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      // Random, since core compresses where the backend is not in this process.
      const payload = randomBytes(world.profile.limits.frameBytes).toString("base64");
      await assert.rejects(world.time.wait(dispatcher.send("default", payload), "send answers"), { code: "TOO_LARGE" });
      assert.deepEqual(world.sent, []);
    },
  },

  "gone.is-an-answer": {
    cites: ["I1"],
    expects: "sending to a queue that does not exist any more is answered with gone, not thrown",
    when: (profile) => (profile.knowsGone ? verbs("remove")(profile) : "knowsGone false"),
    async run(world) {
      const bare = await Bare.open(world);
      const absent = { ...REPLY, name: "never-was" };
      assert.deepEqual(await bare.send(["a", "b"], absent), ["gone", "gone"]);
      assert.deepEqual(await bare.send(["a"], REPLY), ["ok"]);
      await world.time.wait(bare.backend.remove?.(REPLY, never) ?? Promise.resolve(), "remove answers");
      assert.deepEqual(await bare.send(["a"], REPLY), ["gone"]);
      await world.time.wait(bare.backend.remove?.(REPLY, never) ?? Promise.resolve(), "remove answers twice");
    },
  },

  "batch-1000.outcomes-in-order": {
    cites: ["I1", "I2", "I12"],
    expects: "a batch is answered frame by frame, in order; all that is ok comes, once",
    async run(world) {
      const bare = await Bare.open(world);
      const size = Math.min(1_000, world.profile.limits.batchFrames);
      const texts = Array.from({ length: size }, (_, index) => `frame-${index}`);
      if (world.profile.dedupeLive) await bare.send(["frame-3"]);
      const outcomes = await bare.send(texts);
      assert.deepEqual(
        outcomes.map((outcome, index) => (outcome === "ok" ? "" : `${index} ${kind(outcome)}`)).filter(Boolean),
        world.profile.dedupeLive && size > 3 ? ["3 duplicate"] : [],
      );
      const all = await bare.receiveAll(size + 1, { max: 100 });
      assert.deepEqual(textsOf(all).sort(), texts.sort());
    },
  },

  "batch.partial-failure-is-per-item": {
    cites: ["I1"],
    expects: "one frame that cannot be taken is an outcome of its own; the others of its batch are sent",
    when: ({ limits }) => limits.frameBytes < UNLIMITED || "limits.frameBytes UNLIMITED",
    async run(world) {
      const bare = await Bare.open(world);
      const bytes = Buffer.alloc(world.profile.limits.frameBytes + 1, "y");
      const outcomes = await bare.send(["a", frameOf("b", { bytes }), "c"]);
      assert.deepEqual(outcomes.map(kind), ["ok", "failed", "ok"]);
      const failed = outcomes[1] as { readonly failed: unknown };
      assert.equal(bare.backend.classify(failed.failed).code, "TOO_LARGE");
      assert.deepEqual(textsOf(await bare.receiveAll(3)).sort(), ["a", "c"]);
    },
  },

  "after-close.throws-closed": {
    cites: ["I1"],
    expects: "after close every verb throws an error that classify calls CLOSED",
    async run(world) {
      const bare = await Bare.open(world);
      const { backend } = bare;
      const [held] = await bare.send(["a"]).then(() => bare.receive());
      await world.time.wait(backend.close(), "close answers");
      const want = { max: 1, waitMs: 0, leaseMs: world.leaseMs };
      const open = { receive: [WORK], send: [OTHER], create: true, leaseMs: world.leaseMs, clock: world.clock };
      const calls: Readonly<Record<string, () => Promise<unknown> | undefined>> = {
        open: () => backend.open(open, never),
        send: () => backend.send(WORK, [frameOf("b")], never),
        receive: () => backend.receive(WORK, want, never),
        renew: () => backend.renew(held === undefined ? [] : [held.receipt], world.leaseMs, never),
        settle: () => backend.settle(held === undefined ? [] : [{ kind: "ack", receipt: held.receipt }], never),
        move: () => backend.move?.([], never),
        depth: () => backend.depth?.(WORK, never),
        browse: () => backend.browse?.(WORK, { max: 1 }, never),
        purge: () => backend.purge?.(WORK, never),
        remove: () => backend.remove?.(REPLY, never),
      };
      for (const [verb, call] of Object.entries(calls)) {
        const answer = call();
        if (answer === undefined) continue;
        const isClosed = (error: unknown) => backend.classify(error).code === "CLOSED";
        await assert.rejects(world.time.wait(answer, `${verb} answers`), isClosed, `${verb} after close`);
      }
    },
  },
});
