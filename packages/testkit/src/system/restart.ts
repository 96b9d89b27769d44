import assert from "node:assert/strict";
import type { Profile } from "@org/dispatch-core/contract";
import { area } from "../case.ts";
import type { World } from "../world/world.ts";

const durable = ({ durability }: Profile) => durability === "restart" || `durability ${durability}`;

const TASKS = 30;

/** What waits while the broker is away. */
export const restartCases = area("system", "delay", {
  "survives-restart": {
    cites: ["I1", "I14"],
    expects:
      "tasks that wait for their time when the broker restarts come when it has come, once each, and none before",
    when: durable,
    needs: "restart",
    async run(world: World) {
      const { dispatcher } = await world.dispatcher();
      await world.worker({ handler: (n: number) => n });
      const delays = Array.from({ length: TASKS }, () => Math.floor(world.leaseMs * (1 + world.random())));
      const sentAt = world.clock.now();
      const sent = delays.map((delayMs) => dispatcher.send("default", delayMs, { delayMs }));
      await world.time.wait(Promise.all(sent), "all are sent");
      await world.outage(Math.floor(world.leaseMs / 10));
      await world.time.until(() => world.events.completed === TASKS, "all complete");
      for (const { payload, startedAt } of world.ledger.runs) {
        const waitedMs = startedAt - sentAt;
        assert.ok(waitedMs >= (payload as number), `I14: a delay of ${payload} ms ended after ${waitedMs} ms`);
      }
      assert.equal(new Set(world.ledger.runs.map(({ id }) => id)).size, TASKS);
    },
  },
});
