import assert from "node:assert/strict";
import { type OutFrame, type Profile, UNLIMITED } from "@org/dispatch-core/contract";
import { area } from "../case.ts";
import { Bare, frameOf, never, textsOf } from "../world/bare.ts";
import { WORK, type World } from "../world/world.ts";

/** More than this is waited for on the virtual clock only, and nothing beyond the second. */
const REAL_MS = 60_000;
const LONGEST_MS = 40 * 86_400_000;
/** So much of a batch is still sent in a test. */
const MOST_BYTES = 64 * 1_048_576;

const canWait = ({ reach }: Profile, ms: number) => reach === "process" || ms <= REAL_MS;

/** In which order frames come to receivers that take turns. Each is acked before the next ones are asked for: a broker may hold back what is behind it. */
const inTurn = async (
  world: World,
  receivers: number,
  batches: readonly (readonly OutFrame[])[],
): Promise<string[]> => {
  const bares = await Promise.all(Array.from({ length: receivers }, () => Bare.open(world)));
  // Who shares partitions takes its share now.
  await Promise.all(bares.map((bare) => bare.receive()));
  for (const batch of batches) await bares[0]?.send(batch);
  const count = batches.flat().length;
  const texts: string[] = [];
  let lastAt = world.clock.now();
  while (texts.length < count && world.clock.now() < lastAt + world.lossMs * 2)
    for (const bare of bares) {
      const some = await bare.receive({ max: 3, waitMs: 100 });
      if (some.length > 0) lastAt = world.clock.now();
      texts.push(...textsOf(some));
      await bare.ack(...some);
    }
  assert.equal(texts.length, count, `I1: ${texts.length} of ${count} frames came`);
  return texts;
};

/** Facts of the profile that are promises by themselves. */
export const seamFactCases = [
  ...area("seam", "send", {
    "limit.batch-bytes-exact": {
      cites: ["I1", "I17"],
      expects: "frames of exactly limits.batchBytes together are taken by one call, and all of them come, whole",
      when: ({ limits }) =>
        limits.batchBytes <= MOST_BYTES || `limits.batchBytes ${limits.batchBytes}: above what is sent`,
      async run(world) {
        const bare = await Bare.open(world);
        const { batchBytes, batchFrames, frameBytes } = world.profile.limits;
        const count = Math.min(batchFrames, Math.max(10, Math.ceil(batchBytes / frameBytes)));
        const total = Math.min(batchBytes, count * frameBytes);
        const part = Math.floor(total / count);
        const all = Array.from({ length: count }, (_, index) => {
          const bytes = Buffer.alloc(index === 0 ? total - part * (count - 1) : part, 97 + (index % 26));
          return frameOf(`frame-${index}`, { bytes });
        });
        const answers = await world.time.wait(bare.backend.send(WORK, all, never), "send answers");
        assert.deepEqual(answers, Array(count).fill("ok"));
        const came = await bare.receiveAll(count);
        const kinds = (frames: readonly { readonly bytes: Uint8Array }[]) =>
          frames.map(({ bytes }) => `${bytes.length} of ${bytes[0]}`).sort();
        assert.deepEqual(kinds(came), kinds(all), "I1: a part of the batch is not there");
      },
    },

    "dedupe-window.refuses-repeats": {
      cites: ["I12"],
      expects:
        "for dedupeWindowMs after its first send an id is answered with duplicate, also when its frame is acked; copies are taken; then it is free again",
      when: ({ dedupeWindowMs }) => dedupeWindowMs > 0 || "dedupeWindowMs 0",
      async run(world) {
        const bare = await Bare.open(world);
        const { dedupeWindowMs } = world.profile;
        const sentAt = world.clock.now();
        assert.deepEqual(await bare.send(["a"]), ["ok"]);
        await bare.ack(...(await bare.receive()));
        const copy = frameOf("copy", { id: "a", first: false });
        const answers = await bare.send(["a", copy]);
        const isOver = world.clock.now() - sentAt >= dedupeWindowMs;
        if (!isOver) assert.deepEqual(answers, ["duplicate", "ok"], "I12: a repeat within the window");
        const came = await bare.receiveAll(2);
        if (!isOver) assert.deepEqual(textsOf(came), ["copy"], "I12: a repeat within the window came");
        await bare.ack(...came);
        if (!canWait(world.profile, dedupeWindowMs)) return;
        await world.time.pass(dedupeWindowMs + world.slackMs);
        assert.deepEqual(await bare.send(["a"]), ["ok"], "I12: an id is refused for longer than the window");
      },
    },
  }),

  ...area("seam", "order", {
    "as-sent": {
      cites: ["I13"],
      expects:
        "where the order is that of the sends, frames of one priority come as they were sent, also several at a time",
      when: ({ order }) => order === "fifo" || `order ${order}`,
      async run(world) {
        const batches = [0, 1, 2].map((batch) => Array.from({ length: 7 }, (_, index) => frameOf(`${batch}/${index}`)));
        assert.deepEqual(await inTurn(world, 1, batches), textsOf(batches.flat()));
      },
    },

    "of-a-key": {
      cites: ["I13"],
      expects:
        "where a partition keeps the order, frames of one key come as they were sent, whatever comes between them, and whoever takes them",
      when: ({ order }) => order === "partition" || `order ${order}`,
      async run(world) {
        const keys = ["a", "b", "c", "d"];
        const batches = Array.from({ length: 6 }, (_, batch) => keys.map((key) => frameOf(`${key}${batch}`, { key })));
        const came = await inTurn(world, 2, batches);
        for (const key of keys) {
          const own = came.filter((text) => text.startsWith(key));
          assert.deepEqual(
            own,
            batches.map((_, batch) => `${key}${batch}`),
            `the order of the key ${key}`,
          );
        }
      },
    },
  }),

  ...area("seam", "retention", {
    "unread-is-kept": {
      cites: ["I1"],
      expects:
        "what nobody has read is still there just before retentionMs is over (at most forty days are waited for)",
      when: (profile) =>
        canWait(profile, profile.retentionMs) || `retentionMs ${profile.retentionMs}: the clock is the machine's`,
      async run(world) {
        const bare = await Bare.open(world);
        await bare.send(["a"]);
        await world.time.pass(Math.min(LONGEST_MS, world.profile.retentionMs * 0.9));
        assert.deepEqual(textsOf(await bare.receive({ waitMs: world.lossMs })), ["a"], "I1: a frame is gone");
      },
    },
  }),

  ...area("seam", "settle", {
    "release.cap-exact": {
      cites: ["I1", "I14"],
      expects:
        "a release for exactly releaseDelayMs (at most for forty days) is taken, and the frame does not come before",
      when: ({ releaseDelayMs }) => releaseDelayMs > 0 || "releaseDelayMs 0",
      async run(world) {
        const bare = await Bare.open(world);
        const { releaseDelayMs, limits } = world.profile;
        await bare.send(["a"]);
        const delayMs = releaseDelayMs < UNLIMITED ? releaseDelayMs : LONGEST_MS;
        const held = await bare.receive();
        const releasedAt = world.clock.now();
        assert.deepEqual(await bare.release(delayMs, ...held), ["ok"], "a release of the most that is declared");
        assert.deepEqual(await bare.receive(), [], "I14: it came at once");
        if (!canWait(world.profile, delayMs)) return;
        await world.time.pass(Math.max(0, releasedAt + delayMs - 1_000 - world.clock.now()));
        const came = await bare.receive({ waitMs: 1_000 + limits.delayPrecisionMs + world.slackMs });
        assert.deepEqual(textsOf(came), ["a"], "I1: it did not come again");
        const waitedMs = world.clock.now() - releasedAt;
        assert.ok(waitedMs >= delayMs, `I14: it came after ${waitedMs} ms, ${delayMs} were asked for`);
      },
    },
  }),
];
