import { type SpawnedWorker, spawnWorker, type WorkerChildOptions } from "@org/dispatch-testkit";
import { conformance } from "@org/dispatch-testkit/vitest";
import { describe, inject, it } from "vitest";
import { bentSession } from "../../../tooling/conformance/bent-wires.ts";
import { restart } from "../../../tooling/services/lifecycle.ts";
import { kafka } from "./index.ts";
import { needs } from "./testing/services.ts";
import { Sweeper } from "./testing/swept.ts";
import { optionsOf, workerModule } from "./testing/worker-backend.ts";

/** The faults, which have bounds in seconds that a busy machine breaks, all levels on one partition, and the older server, are in `./dev test --full`. */
const isFull = process.env.DISPATCH_TEST_FULL === "1";
const promises = { levels: ["seam", "system"], concurrency: 5 } as const;
/** Their workers are processes: many side by side would be late by each other's doing. */
const faults = { levels: ["chaos"], concurrency: 3 } as const;
const runs = [
  { key: "kafka", partitions: 3, ...promises },
  { key: "kafka", partitions: 1, ...promises, ...(!isFull && { levels: ["seam"] as const }) },
  ...(isFull
    ? [
        { key: "kafka", partitions: 3, ...faults },
        { key: "kafka", partitions: 1, ...faults },
        { key: "kafka3", partitions: 3, ...promises },
        { key: "kafka3", partitions: 3, ...faults },
      ]
    : []),
];
/** With one partition one member of the group has all of it: nobody can take a part over. */
const alone = ["system.pack.outlived-is-sent-on", "system.lost.rebalance-is-not-a-crash"].map((id) => ({
  id,
  reason: "a single partition is read by one worker only",
  issue: "8",
}));

/** So long is the broker away in the case about outages: longer than kafkajs's own retries would last. */
const outageMs = 20_000;

const services = inject("services");
for (const { key, partitions, levels, concurrency } of runs) {
  const line = services[key];
  if (line === undefined) {
    describe.skip(`${levels} of ${key}: it cannot be had here`, () => it("needs a server", () => {}));
    continue;
  }
  const { url, version, pid } = line;
  const { name: service, ...which } = needs[key] ?? { name: "kafka" };
  const own = { version, form: which.form ?? "single" };
  const sweeper = new Sweeper(url);
  const swept = (namespace: string, more = {}) =>
    sweeper.swept(`${namespace}.${partitions}`, kafka({ ...optionsOf(url, partitions, namespace), ...more }));
  conformance({
    backend: swept,
    proxy: (namespace) => bentSession((socketFactory) => swept(namespace, { connection: { socketFactory } })),
    name: `${levels.join(" and ")} on Kafka ${version} with ${partitions === 1 ? "one partition" : `${partitions} partitions`}`,
    levels,
    concurrency,
    skip: partitions === 1 && (levels as readonly string[]).includes("system") ? alone : [],
    ...(pid !== null && { restart: (awayMs: number) => restart(service, own, { awayMs }) }),
    spawnWorker: (options: WorkerChildOptions): Promise<SpawnedWorker> =>
      spawnWorker(workerModule(url, partitions), options),
    outageMs,
    timeoutMs: 200_000 + outageMs,
  });
}
