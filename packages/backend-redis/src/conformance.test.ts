import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type SpawnedWorker, spawnWorker, throughProxy, type WorkerChildOptions } from "@org/dispatch-testkit";
import { conformance } from "@org/dispatch-testkit/vitest";
import { describe, inject, it } from "vitest";
import { up } from "../../../tooling/services/lifecycle.ts";
import { redis } from "./index.ts";
import { needs } from "./testing/services.ts";
import { workerModule } from "./testing/worker-backend.ts";

const services = inject("services");
/** So long is the broker away in the case about outages: with `./dev test --full` longer than any wait. */
const outageMs = process.env.DISPATCH_TEST_FULL === "1" ? 60_000 : 10_000;

for (const [key, need] of Object.entries(needs)) {
  const line = services[key];
  if (line === undefined) {
    describe.skip(`conformance of ${key}: it cannot be had here`, () => it("needs a server", () => {}));
    continue;
  }
  const { url, ca, pid, version } = line;
  const tls = ca === undefined ? undefined : { ca: readFileSync(ca) };
  const { name, ...which } = need;
  const { hostname, port } = new URL(url.split(",")[0] ?? "");
  const restart = async (awayMs: number) => {
    // As they are now: an earlier restart has given them other ids.
    const now = await up(name, which);
    for (const each of [now.pid ?? []].flat()) process.kill(each, "SIGTERM");
    await sleep(awayMs);
    await up(name, which);
  };
  conformance({
    backend: (namespace) => redis({ namespace: `dispatch.${namespace}`, url, tls }),
    name: `conformance of ${key} ${version}`,
    levels: ["seam", "system", "chaos"],
    ...(pid !== undefined && { restart }),
    // A cluster sends its clients from server to server.
    ...(which.form === undefined && {
      proxy: (namespace: string) =>
        throughProxy({ host: hostname, port: Number(port) }, (door) =>
          redis({ namespace: `dispatch.${namespace}`, ...door }),
        ),
    }),
    spawnWorker: (options: WorkerChildOptions): Promise<SpawnedWorker> => spawnWorker(workerModule(line), options),
    outageMs,
    timeoutMs: 180_000 + outageMs,
  });
}
