import assert from "node:assert/strict";
import { memoryBlobs } from "@org/dispatch-core/blobs";
import type { BlobStore } from "@org/dispatch-core/contract";
import { area, verbs } from "../case.ts";
import { withFacts } from "../decorators/facts.ts";
import { everyTaskOnce, saysWhy } from "../invariants.ts";
import type { Process } from "../world/process.ts";
import type { World } from "../world/world.ts";

/** A broker that takes less, so that claims are cheap to make: a truthful profile, whatever it is put around. */
const FRAME_BYTES = 20_000;
const narrow = (process: Process) =>
  process.decorate((backend) => {
    const { limits } = backend.profile;
    return withFacts(backend, { limits: { ...limits, frameBytes: Math.min(limits.frameBytes, FRAME_BYTES) } });
  });

/** Does not shrink: no compression makes it fit. */
const noise = (world: World, length: number) =>
  Array.from({ length }, () => String.fromCharCode(33 + Math.floor(world.random() * 90))).join("");

/** Bodies that are too large for a frame. */
export const claimCases = [
  ...area("system", "result", {
    "large-result-claim-check": {
      cites: ["I16", "I17"],
      expects:
        "payloads and results above limits.frameBytes go by claim check through a blob store, and come back whole",
      async run(world) {
        const blobs = memoryBlobs({ clock: world.clock });
        const { dispatcher } = await world.dispatcher({ blobs }, narrow);
        const twice = ({ text }: { text: string }) => ({ text: text + text });
        await world.worker({ handler: twice }, { blobs }, narrow);
        const texts = [noise(world, FRAME_BYTES * 2), "small", noise(world, FRAME_BYTES - 4_000)];
        const inputs = texts.map((text) => ({ text }));
        const results = await world.results(dispatcher.run<unknown, { text: string }>("default", inputs));
        everyTaskOnce(results, texts.length);
        for (const { index, value } of results)
          assert.ok(value?.text === `${texts[index]}${texts[index]}`, `I17: the result of task ${index} was changed`);
      },
    },
  }),

  ...area("system", "codec", {
    "claim-check-missing-blob-to-dead": {
      cites: ["I1", "I3", "I9"],
      expects: "a task whose blob is gone ends dead as BLOB_MISSING, with its reason; its neighbours complete",
      when: verbs("browse"),
      async run(world) {
        const inner = memoryBlobs({ clock: world.clock });
        let puts = 0;
        const forgetful: BlobStore = {
          put: (key, bytes, options, signal) => {
            puts += 1;
            return puts === 1 ? Promise.resolve() : inner.put(key, bytes, options, signal);
          },
          get: (key, signal) => inner.get(key, signal),
          remove: (key, signal) => inner.remove(key, signal),
        };
        const { dispatcher } = await world.dispatcher({ blobs: forgetful }, narrow);
        await world.worker({ handler: (text: string) => text.length }, { blobs: forgetful }, narrow);
        const length = FRAME_BYTES * 2;
        const inputs = [noise(world, length), "small", noise(world, length)];
        const results = await world.results(dispatcher.run("default", inputs));
        everyTaskOnce(results, 3);
        const dead = results.filter(({ outcome }) => outcome === "dead");
        assert.deepEqual(
          dead.map(({ error }) => error?.code),
          ["BLOB_MISSING"],
        );
        for (const { outcome, value, index } of results)
          if (outcome === "completed") assert.equal(value, (inputs[index] as string).length);
        assert.equal(world.ledger.runs.length, 2, "a handler was given a payload that nobody has");
        const letters = await world.deadLetters();
        assert.deepEqual(
          letters.map(({ id, reason }) => [id, reason]),
          [[dead[0]?.id, "BLOB_MISSING"]],
        );
        for (const letter of letters) saysWhy(letter);
      },
    },
  }),
];
