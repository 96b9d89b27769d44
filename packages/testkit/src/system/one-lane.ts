import assert from "node:assert/strict";
import { type Context, DispatchError, input, QueueAdmin } from "@org/dispatch-core";
import { type Backend, type Profile, type Queue, queueKey } from "@org/dispatch-core/contract";
import { area } from "../case.ts";
import { everyTaskOnce } from "../invariants.ts";
import { hasPriorities, laneOf, QUEUE } from "../world/lanes.ts";
import { DEAD, WORK, type World } from "../world/world.ts";

const LATER: Queue = Object.freeze({ role: "later", name: "later", of: QUEUE });
const REPLY: Queue = Object.freeze({ role: "reply", name: "somebody", of: QUEUE });

const emulated = (profile: Profile) =>
  !hasPriorities(profile) || `priorityLevels ${profile.priorityLevels}, ${profile.priorityOrder}`;

/** What nothing goes on without: also replies where nobody has a queue of his own for them, and what delays wait in where no send has one. */
async function ownQueues(world: World, backend: Backend): Promise<void> {
  const { sendDelayMs, verbs } = world.profile;
  const send = [WORK, DEAD, ...(verbs.includes("remove") ? [] : [REPLY]), ...(sendDelayMs > 0 ? [] : [LATER])];
  await open(world, backend, send, true);
  if (sendDelayMs > 0) return;
  // Tiers are the namespace's: whoever opens another queue makes them.
  const { leaseMs, clock } = world;
  await QueueAdmin.open(backend, { queue: "elsewhere", leaseMs, clock, create: true });
}

async function open(world: World, backend: Backend, send: readonly Queue[], create: boolean): Promise<void> {
  const { leaseMs, clock } = world;
  const signal = AbortSignal.timeout(30_000);
  await world.time.wait(backend.open({ receive: [], send, create, leaseMs, clock }, signal), "the queues open");
}

/** The queues that `open` misses, in order; `undefined` where it finds whatever it is asked for. */
async function missedBy(world: World, backend: Backend, queues: readonly Queue[]): Promise<string[] | undefined> {
  const error: unknown = await open(world, backend, queues, false).then(() => undefined, (thrown: unknown) => thrown); // biome-ignore format: one line
  if (error === undefined) return undefined;
  const { code, missing = [] } = backend.classify(error);
  assert.equal(code, "MISSING", `open without create threw ${String(error)}`);
  return missing.map(queueKey).sort();
}

/** A queue that has been made by somebody who has made no others. */
export const oneLaneCases = area("system", "priority", {
  "one-lane-where-the-others-are-missing": {
    cites: ["I1", "I13"],
    expects:
      "without create, `open` says all queues that are missing; where those of the other lanes are, all goes on in one lane, and other priorities are refused",
    when: emulated,
    async run(world) {
      const { profile } = world;
      const high = laneOf(profile, 10).queue;
      const low = laneOf(profile, 0).queue;
      const { backend } = world.process("owner");
      await world.time.wait(ownQueues(world, backend), "the owner's queues are made");
      const missed = await missedBy(world, backend, [WORK, high, low, DEAD]);
      if (missed !== undefined) {
        assert.deepEqual(missed, [high, low].map(queueKey).sort(), "classify does not say which queues are missing");
        // One of them is as good as none.
        await open(world, backend, [high], true);
      }
      const { dispatcher } = await world.dispatcher({ create: false });
      const handler = (n: number, { attempt }: Context) => {
        if (n === 1 && attempt === 1) throw new Error("again");
        return n;
      };
      await world.worker({ handler }, { create: false });
      const inputs = [4, 5, 6].map((priority, n) => input(n, { priority }));
      const results = await world.results(dispatcher.run("default", inputs, { delayMs: 100 }));
      everyTaskOnce(results, inputs.length);
      for (const { outcome } of results) assert.equal(outcome, "completed");
      const warnings = world.events.named("warning").filter(({ code }) => code === "MISSING");
      const isRefused = (error: unknown) => error instanceof DispatchError && error.code === "UNSUPPORTED";
      if (missed === undefined) {
        assert.deepEqual(warnings, []);
        everyTaskOnce(await world.results(dispatcher.run("default", [9], { priority: 9 })), 1);
        return;
      }
      assert.equal(warnings.length, 2, "the dispatcher and the worker say it once each");
      assert.throws(() => dispatcher.run("default", [9], { priority: 9 }), isRefused);
      await assert.rejects(dispatcher.send("default", 9, { priority: 0 }), isRefused);
      const others = world.sent.filter(({ queue }) => queue.role === "work" && queue.name !== WORK.name);
      assert.deepEqual(others, [], "I13: a frame went into a lane that nobody looks into");
    },
  },
});
