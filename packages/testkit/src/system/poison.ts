import assert from "node:assert/strict";
import { type Context, input } from "@org/dispatch-core";
import type { Result } from "@org/dispatch-core/contract";
import { area } from "../case.ts";
import { everyTaskOnce } from "../invariants.ts";
import type { WorkerProcess } from "../world/worker-process.ts";
import type { World } from "../world/world.ts";

/** A task that kills its worker, whatever else that worker holds. */
const poison = (world: World, takesMs: number) => ({
  async handler(payload: unknown, _context: Context, host: WorkerProcess) {
    await world.sleep(takesMs, host);
    if (payload === "poison") {
      host.crash();
      return new Promise(() => {});
    }
    return payload;
  },
});

const onlyPoisonDies = (results: readonly Result[], maxLost: number) => {
  for (const { index, outcome, error, lost, attempts } of results) {
    if (index !== 0) assert.equal(outcome, "completed", `I10: a neighbour of the poison is ${outcome}, ${error?.code}`);
    else assert.deepEqual([outcome, error?.code, lost, attempts], ["dead", "LOST", maxLost + 1, 0]);
  }
};

/** Poison: contained, whatever it does to its process. */
export const poisonCases = area("system", "lost", {
  "poison-ends-dead-neighbours-complete": {
    cites: ["I8", "I10", "L1"],
    endsSessions: true,
    expects:
      "a task that kills each of its workers ends dead after maxLost + 1 of them; what they held beside it completes",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      await world.supervise(poison(world, 20), { concurrency: 4 });
      const results = await world.results(dispatcher.run("default", ["poison", ...Array(19).keys()]));
      everyTaskOnce(results, 20);
      onlyPoisonDies(results, 3);
      assert.equal(world.ledger.runs.filter(({ payload }) => payload === "poison").length, 4);
    },
  },

  "neighbours-held-complete": {
    cites: ["I8", "I10"],
    endsSessions: true,
    isLong: true,
    expects: "99 tasks that are held beside a poison task until their last chance complete; one is dead",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      // Long against a round trip to the broker: what is held beside it has to come first.
      await world.supervise(poison(world, world.time.isVirtual ? 20 : 300), { concurrency: 100 });
      const results = await world.results(dispatcher.run("default", ["poison", ...Array(99).keys()]));
      everyTaskOnce(results, 100);
      onlyPoisonDies(results, 3);
      const mostLost = Math.max(...results.filter(({ index }) => index > 0).map(({ lost }) => lost));
      assert.ok(mostLost >= 1, "no neighbour was held beside the poison: the case shows nothing");
    },
  },

  "delayed-poison-ends": {
    cites: ["I8", "I10", "L1"],
    endsSessions: true,
    expects:
      "a delayed task that kills each of its workers as soon as it is there ends dead, though no ack of its worker may be durable by then",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      await world.supervise(poison(world, 5), { concurrency: 1 });
      const results = await world.results(dispatcher.run("default", ["poison", 1, 2], { delayMs: 2_000 }), 2_000);
      everyTaskOnce(results, 3);
      onlyPoisonDies(results, 3);
      const runs = world.ledger.runs.filter(({ payload }) => payload === "poison").length;
      // An ack that a crash takes back brings the frame again, with the losses that it had: a second line.
      const most = world.profile.ackLagMs > 0 ? 8 : 4;
      assert.ok(runs >= 4 && runs <= most, `I10: it was run ${runs} times`);
    },
  },

  "nothing-joins-a-last-chance": {
    cites: ["I8", "I10"],
    endsSessions: true,
    isLong: true,
    expects:
      "what comes while a last chance runs, of whatever priority, is not run beside it: poison takes nobody with it",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      let isLast = false;
      const handler = async (payload: unknown, { lost, signal }: Context, host: WorkerProcess) => {
        isLast ||= payload === "last" && lost === 2;
        await world.sleep(payload === "poison" ? 10 : isLast ? world.leaseMs : 1e9, host, signal);
        if (payload !== "poison") return payload;
        host.crash();
        return new Promise(() => {});
      };
      const options = { concurrency: 10, maxLost: 2 };
      const last = dispatcher.run("default", ["last"]);
      for (const crash of [1, 2]) {
        const host = await world.worker({ handler }, options);
        await world.time.until(() => world.ledger.runs.length === crash, "it is held");
        host.crash();
      }
      await world.supervise({ handler }, options);
      await world.time.until(() => isLast, "it has its last chance");
      const inputs = [0, 5, 10].map((priority) => input("poison", { priority }));
      const poison = await world.results(dispatcher.run("default", inputs), world.leaseMs * 50);
      // Each loss is a crash of one of them: another may crash the holder while that writes down that one is lost.
      const crashes = world.ledger.runs.filter(({ payload }) => payload === "poison").length;
      for (const { outcome, error, lost } of poison) {
        assert.deepEqual([outcome, error?.code], ["dead", "LOST"], "poison does not end as such");
        assert.ok(lost >= 3 && lost <= crashes, `I8: it was lost ${lost} times, in ${crashes} crashes`);
      }
      const [result] = await world.results(last);
      assert.deepEqual([result?.outcome, result?.lost], ["completed", 2], `I10: it is ${result?.error?.code}`);
      const [chance] = world.ledger.runs.filter(({ lost, payload }) => lost === 2 && payload === "last");
      const beside = world.ledger.runs.filter(
        ({ worker, startedAt, payload }) =>
          payload === "poison" && worker === chance?.worker && startedAt < (chance.endedAt ?? Number.POSITIVE_INFINITY),
      );
      assert.deepEqual(beside, [], "I10: something was run beside a last chance");
    },
  },

  "last-chance-is-alone": {
    cites: ["I8", "I10"],
    endsSessions: true,
    expects: "a task with lost = maxLost is run only by a worker that holds nothing else",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const held: number[] = [];
      const handler = async (n: unknown, { lost, signal }: Context, host: WorkerProcess) => {
        if (lost === 2) held.push(host.worker.status.held);
        await world.sleep(lost === 2 || n === "late" ? 50 : 1e9, host, signal);
        return n;
      };
      const options = { concurrency: 10, maxLost: 2 };
      const run = dispatcher.run("default", Array(8).keys());
      for (const crash of [1, 2]) {
        const host = await world.worker({ handler }, options);
        await world.time.until(() => world.ledger.runs.length === crash * 8, "all tasks are held");
        host.crash();
        await world.time.pass(world.leaseMs);
      }
      await world.worker({ handler }, options);
      const others = dispatcher.run("default", Array(20).fill("late"));
      const results = await world.results(run);
      everyTaskOnce(results, 8);
      for (const { outcome, lost } of results) assert.deepEqual([outcome, lost], ["completed", 2]);
      assert.deepEqual(held, Array(8).fill(1), "I10: a last chance was taken beside others");
      everyTaskOnce(await world.results(others), 20);
      const chances = world.ledger.runs.filter(({ lost }) => lost === 2);
      for (const chance of chances) {
        const beside = world.ledger.runs.filter(
          (run) =>
            run !== chance &&
            run.worker === chance.worker &&
            run.startedAt < (chance.endedAt ?? 0) &&
            (run.endedAt ?? 0) > chance.startedAt,
        );
        assert.deepEqual(beside, [], `I10: ${chance.id} ran beside others at its last chance`);
      }
    },
  },
});
