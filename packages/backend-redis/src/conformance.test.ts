import { readFileSync } from "node:fs";
import { type SpawnedWorker, spawnWorker, type WorkerChildOptions } from "@org/dispatch-testkit";
import { conformance } from "@org/dispatch-testkit/vitest";
import { afterAll, describe, it } from "vitest";
import { bentRedis } from "../../../tooling/conformance/bent-redis.ts";
import { restart, type Which } from "../../../tooling/services/lifecycle.ts";
import { needService } from "../../../tooling/services/need-service.ts";
import { redis } from "./index.ts";
import { endServers, ownSet } from "./testing/own-server.ts";
import { workerModule } from "./testing/worker-backend.ts";

const isFull = process.env.DISPATCH_TEST_FULL === "1";

interface Subject extends Which {
  /** Of the service. */
  readonly name: string;
  /** Stands before every key, by the client. */
  readonly keyPrefix?: string;
}

/** One server always; with `./dev test --full` the other versions and forms, and keys behind a prefix of the client. */
const subjects: readonly Subject[] = [
  { name: "redis" },
  ...(isFull
    ? ([
        { name: "redis", version: "8" },
        { name: "valkey", version: "9" },
        { name: "redis", form: "cluster" },
        { name: "redis", form: "tls" },
        { name: "redis", keyPrefix: "tenant:" },
      ] as const)
    : []),
];

// The suite stops and starts them: they are this file's alone.
ownSet("conformance");
afterAll(endServers);

for (const { name, keyPrefix, ...which } of subjects) {
  const title = ["conformance of", name, ...Object.values(which), ...(keyPrefix ? ["behind a prefix"] : [])].join(" ");
  const line = await needService(name, which);
  if (line === undefined) {
    describe.skip(`${title}: it cannot be had here`, () => it("needs a server", () => {}));
    continue;
  }
  const { url, ca, pid, version } = line;
  /** The others of this file run beside it. */
  const own: Which = { version, form: which.form ?? "single" };
  const tls = ca === undefined ? undefined : { ca: readFileSync(ca) };
  const made = (namespace: string, connection = {}) =>
    redis({ namespace: `dispatch.${namespace}`, url, tls, connection: { keyPrefix, ...connection } });
  conformance({
    backend: (namespace) => made(namespace),
    name: title,
    levels: ["seam", "system", "chaos"],
    ...(tls === undefined && { proxy: (namespace) => bentRedis((connection) => made(namespace, connection)) }),
    ...(pid !== null && { restart: (awayMs: number) => restart(name, own, { awayMs }) }),
    spawnWorker: (options: WorkerChildOptions): Promise<SpawnedWorker> =>
      spawnWorker(workerModule({ url, ca, keyPrefix }), options),
    // Longer than any wait of core.
    outageMs: isFull ? 60_000 : 10_000,
    timeoutMs: 240_000,
  });
}
