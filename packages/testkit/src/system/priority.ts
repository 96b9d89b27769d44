import assert from "node:assert/strict";
import { type Context, input } from "@org/dispatch-core";
import type { Profile } from "@org/dispatch-core/contract";
import { area } from "../case.ts";
import { everyTaskOnce } from "../invariants.ts";
import { boundsOf, hasPriorities, laneOf, lanesOf } from "../world/lanes.ts";
import { RoundTrips } from "../world/round-trips.ts";
import type { WorkerProcess } from "../world/worker-process.ts";
import type { World } from "../world/world.ts";

const emulated = (profile: Profile) =>
  !hasPriorities(profile) || `priorityLevels ${profile.priorityLevels}, ${profile.priorityOrder}`;

const takes =
  (world: World, ms: number) =>
  async (payload: string, { signal }: Context, host: WorkerProcess) => {
    await world.sleep(ms, host, signal);
    return payload;
  };

/** How many others were begun since then, before this one was: none, where it was begun before anybody looked. */
function passedBy(world: World, payload: string, since: number): number {
  const began = world.ledger.runs.findIndex((run) => run.payload === payload);
  assert.ok(began >= 0, `L1: ${payload} was not begun`);
  return Math.max(0, began - since);
}

/** The broker hands out, of so many frames in a row, at least one that has waited longest. */
async function starvedByGrants(world: World): Promise<void> {
  const { dispatcher } = await world.dispatcher();
  await world.worker({ handler: takes(world, 10) }, { concurrency: 1 });
  const grants = world.profile.starvationGrants;
  const flood = Array(grants * 5).fill(input("high", { priority: 10 }));
  const low = [0, 1, 2].map((priority) => input("low", { priority }));
  const run = dispatcher.run("default", [...flood.slice(0, 3), ...low, ...flood]);
  everyTaskOnce(await world.results(run), flood.length + 6);
  const places = world.ledger.runs.flatMap(({ payload }, place) => (payload === "low" ? [place] : []));
  assert.equal(places.length, 3);
  places.forEach((place, index) => {
    // The first grants may go out before the flood, and a worker may hold a few: not more than one round's worth.
    const bound = (index + 1) * grants + 3;
    assert.ok(place <= bound, `I13: low task ${index} was begun as number ${place + 1}, the bound is ${bound}`);
  });
}

/** Each lane has its weight: low tasks come one after the other, at other moments of the round each time. */
async function starvedByWeights(world: World): Promise<void> {
  const { dispatcher } = await world.dispatcher();
  const trips = new RoundTrips();
  await world.worker({ handler: takes(world, 10) }, { concurrency: 2 }, (process) => trips.watch(process));
  const flood = Array.from({ length: 700 }, (_, index) => input("flood", { priority: index % 3 === 0 ? 5 : 10 }));
  const run = dispatcher.run("default", flood);
  await world.time.until(() => world.ledger.runs.length >= 5, "the flood is under way");
  for (let turn = 0; turn < 12; turn += 1) {
    const low = dispatcher.run("default", [`low ${turn}`], { priority: turn % 4 });
    await world.time.until(() => low.progress.sent === 1, "the low one is sent");
    const since = world.ledger.runs.length;
    everyTaskOnce(await world.results(low), 1);
    const passed = passedBy(world, `low ${turn}`, since);
    const bound = boundsOf(world.profile, 2, 0).passed + trips.inAdvance(2, 10);
    assert.ok(passed <= bound, `I13: low ${turn} was passed by ${passed} others, the bound is ${bound}`);
    const next = world.ledger.runs.length + turn;
    await world.time.until(() => world.ledger.runs.length > next, "the flood goes on");
  }
  everyTaskOnce(await world.results(run), flood.length);
}

/** So many tasks in each lane; each says in which. */
function floodOf({ profile }: World, each: number) {
  return lanesOf(profile).flatMap(({ queue, most }) => Array(each).fill(input(queue.name, { priority: most })));
}

/** Of the first so many starts of a flood, each lane has its weight. */
async function shareByWeight(world: World, starts: number): Promise<void> {
  await world.time.until(() => world.ledger.runs.length >= starts, "the lanes are under way");
  const order = world.ledger.runs.slice(20, starts).map(({ payload }) => payload);
  for (const { queue, weight } of lanesOf(world.profile)) {
    const count = order.filter((payload) => payload === queue.name).length;
    const share = (12 * count) / order.length;
    assert.ok(Math.abs(share - weight) < 1, `I13: of 12 starts the lane ${queue.name} had ${share}, not ${weight}`);
  }
}

/** Priorities 0–10, 10 highest: by the broker, or by lanes. */
export const priorityCases = area("system", "priority", {
  "emulated-lanes": {
    cites: ["I8", "I13"],
    expects:
      "without priorities of the broker, each priority goes into its lane, retries too, and full lanes share by weight",
    when: emulated,
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const slow = takes(world, 20);
      const handler = (payload: string, context: Context, host: WorkerProcess) => {
        if (context.attempt === 1 && payload.endsWith("fails")) throw new Error("again");
        return slow(payload, context, host);
      };
      const priorities = Array.from({ length: 11 }, (_, priority) => priority);
      const each = priorities.flatMap((priority) =>
        ["", " fails"].map((how) => input(`${priority}${how}`, { priority })),
      );
      const flood = floodOf(world, 600);
      const all = dispatcher.run("default", flood);
      await world.time.until(() => all.progress.sent === flood.length, "all are sent");
      await world.worker({ handler }, { concurrency: 5 });
      await shareByWeight(world, 500);
      everyTaskOnce(await world.results(all), flood.length);
      const run = dispatcher.run("default", each);
      const results = await world.results(run);
      everyTaskOnce(results, each.length);
      for (const { outcome } of results) assert.equal(outcome, "completed");
      for (const { queue, frame } of world.sent) {
        if (queue.role !== "work") continue;
        assert.equal(
          queue.name,
          laneOf(world.profile, frame.priority).queue.name,
          `I13: ${frame.name} is in a wrong lane`,
        );
      }
    },
  },

  "far-lanes-share-by-weight": {
    cites: ["I13"],
    expects: "full lanes share by weight also where a receive takes longer than a task",
    when: emulated,
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const flood = floodOf(world, 300);
      const all = dispatcher.run("default", flood);
      await world.time.until(() => all.progress.sent === flood.length, "all are sent");
      await world.worker({ handler: takes(world, 20) }, { concurrency: 5 }, (process) =>
        process.intercept("receive", async ({ proceed }) => {
          const answer = await proceed();
          await new Promise<void>((resolve) => process.clock.after(60, resolve));
          return answer;
        }),
      );
      await shareByWeight(world, 350);
      everyTaskOnce(await world.results(all), flood.length);
    },
  },

  "late-high-overtakes": {
    cites: ["I13"],
    expects: "a task of high priority that comes late is begun before those of low priority that wait",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const trips = new RoundTrips();
      await world.worker({ handler: takes(world, 50) }, { concurrency: 1 }, (process) => trips.watch(process));
      const low = dispatcher.run("default", Array(60).fill("low"), { priority: 1 });
      await world.time.until(() => world.ledger.runs.length === 2, "the low ones are under way");
      for (let turn = 0; turn < 3; turn += 1) {
        const high = dispatcher.run("default", [`high ${turn}`], { priority: 9 });
        await world.time.until(() => high.progress.sent === 1, "the high one is sent");
        const since = world.ledger.runs.length;
        everyTaskOnce(await world.results(high), 1);
        const passed = passedBy(world, `high ${turn}`, since);
        const held = boundsOf(world.profile, 1, 9).held + trips.inAdvance(1, 50);
        assert.ok(passed <= held, `I13: ${passed} low ones were begun before a high one, only ${held} could be held`);
        await world.time.until(() => world.ledger.runs.length > since + passed + turn + 2, "low ones go on");
      }
      everyTaskOnce(await world.results(low), 60);
    },
  },

  "starvation-bound": {
    cites: ["I13", "L1"],
    expects: "a flood of higher priorities delays a task of low priority by the declared bound, and no more",
    when: (profile) => !hasPriorities(profile) || profile.starvationGrants > 0 || "starvationGrants 0",
    run: (world) => (hasPriorities(world.profile) ? starvedByGrants(world) : starvedByWeights(world)),
  },

  "empty-high-lane-costs-a-low-one-nothing": {
    cites: ["I13", "I15", "L1"],
    expects:
      "where only tasks of low priority are there, they have all slots, and empty lanes are not asked again and again",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const receives = new Map<string, number>();
      const { worker } = await world.worker({ handler: takes(world, 50) }, { concurrency: 10 }, (process) =>
        process.intercept("receive", ({ args, proceed }) => {
          const { role, name } = args[0] as { role: string; name: string };
          if (role === "work") receives.set(name, (receives.get(name) ?? 0) + 1);
          return proceed();
        }),
      );
      const timed = async (priority: number): Promise<number> => {
        const startedAt = world.clock.now();
        everyTaskOnce(await world.results(dispatcher.run("default", Array(200).fill("task"), { priority })), 200);
        return world.clock.now() - startedAt;
      };
      const highMs = await timed(10);
      // What has a result is not acked yet everywhere, and until it is, its lane is not empty.
      await world.time.until(() => worker.status.held === 0, "the high ones are settled");
      receives.clear();
      const lowMs = await timed(0);
      assert.ok(lowMs <= highMs + world.slackMs, `the low ones took ${lowMs} ms, the high ones ${highMs} ms`);
      const idle = lanesOf(world.profile).filter(({ least }) => least > 0);
      const most = 2 + lowMs / (world.leaseMs / 3);
      for (const { queue } of idle) {
        const count = receives.get(queue.name) ?? 0;
        assert.ok(count <= most, `I15: the empty lane ${queue.name} was asked ${count} times in ${lowMs} ms`);
      }
    },
  },

  "over-grant-bound": {
    cites: ["I13", "I19"],
    isLong: true,
    expects:
      "a worker never holds more than its slots and one frame for each further lane, however slowly a lane answers",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const concurrency = 6;
      // Long against a round trip to the broker, which is not nothing where the clock is the machine's: else a worker takes frames in advance.
      const taskMs = world.leaseMs / (world.time.isVirtual ? 6 : 3);
      let held = 0;
      let most = 0;
      const trips = new RoundTrips();
      await world.worker({ handler: takes(world, taskMs) }, { concurrency }, (process) => {
        trips.watch(process);
        process.intercept("receive", async ({ args, proceed }) => {
          const { role, name } = args[0] as { role: string; name: string };
          const deliveries = (await proceed()) as readonly unknown[];
          if (role !== "work") return deliveries;
          held += deliveries.length;
          most = Math.max(most, held);
          // Slower than the others, but not so slow that it is worth taking frames in advance.
          const answerMs = name === "high" ? world.random() * (taskMs / concurrency / 2) : 0;
          await new Promise<void>((resolve) => process.clock.after(answerMs, resolve));
          return deliveries;
        });
        process.intercept(["settle", "move"], async ({ verb, args, proceed }) => {
          // What is being settled has left its slot: the broker's answer is a round trip away.
          for (const one of args[0] as readonly Record<string, unknown>[]) {
            const receipts = verb === "move" ? (one.receipts as { receipt: { queue: { role: string } } }[]) : [one];
            held -= receipts.filter(
              ({ receipt }) => (receipt as { queue: { role: string } }).queue.role === "work",
            ).length;
          }
          return proceed();
        });
      });
      const many = world.time.isVirtual ? 40 : 20;
      for (const counts of [
        [many, many, many],
        [1, many, 5],
        [0, 3, many],
        [many, 0, 1],
      ]) {
        const inputs = [9, 5, 1].flatMap((priority, place) =>
          Array(counts[place] as number).fill(input("task", { priority })),
        );
        everyTaskOnce(await world.results(dispatcher.run("default", inputs)), inputs.length);
        const bound = boundsOf(world.profile, concurrency, 10).held + trips.inAdvance(concurrency, taskMs);
        assert.ok(most <= bound, `I19: ${most} frames were held, the bound is ${bound}`);
      }
      assert.ok(most >= concurrency, `only ${most} frames were held, of ${concurrency} slots`);
    },
  },
});
