/** What is broken, in this order, and how it is mended. */
import type { World } from "./world.ts";

export interface Fault {
  /** What happens, for people. */
  readonly breaks: string;
  readonly mends: string;
  /** Alerts that it is to fire. */
  readonly alerts: readonly string[];
  /** Has all that was broken before to be well again first? */
  readonly alone: boolean;
  break(world: World): void | Promise<void>;
  mend(world: World): void | Promise<void>;
}

/** More than the alert's bound of 10,000, and than a worker does meanwhile. */
const BURST = 15_000;

export const faults: readonly Fault[] = [
  {
    breaks: "somebody sends 20 payloads that the handler rejects, 3 lines that are no JSON, and 2 tasks that hang",
    mends: "no more of them come",
    alerts: ["DispatchDeadLettersGrowing"],
    alone: true,
    break: ({ feed }) => feed.spoil(),
    mend: () => {},
  },
  {
    breaks: `the worker is killed by SIGKILL, and ${BURST.toLocaleString("en")} tasks come at once`,
    mends: "another worker starts",
    alerts: ["DispatchNoActiveWorkers", "DispatchBacklogBuilding"],
    alone: false,
    async break(world) {
      await world.killWorkers();
      world.feed.burst(BURST);
    },
    mend: (world) => world.startWorker(),
  },
  {
    breaks: "Redis is killed by SIGKILL",
    mends: "Redis comes back with its data",
    alerts: ["DispatchBackendDown"],
    alone: true,
    break: (world) => world.killRedis(),
    mend: (world) => world.bringRedisBack(),
  },
];
