/** All of the suite, on the newest server: it is stopped and started again, so that it is this file's alone, unless it was given by its URL. */
import { rm } from "node:fs/promises";
import { type SpawnedWorker, spawnWorker, throughProxy, type WorkerChildOptions } from "@org/dispatch-testkit";
import { conformance } from "@org/dispatch-testkit/vitest";
import { afterAll, describe, it } from "vitest";
import { down, restart } from "../../../tooling/services/lifecycle.ts";
import { needService } from "../../../tooling/services/need-service.ts";
import { instancesFolder } from "../../../tooling/services/places.ts";
import { rabbitmq } from "./index.ts";
import { optionsOf, workerModule } from "./testing/worker-backend.ts";

const isFull = process.env.DISPATCH_TEST_FULL === "1";

process.env.DISPATCH_SERVICES_SET = `backend-rabbitmq-conformance-${process.pid}`;
afterAll(async () => {
  await down("all");
  await rm(instancesFolder(), { recursive: true, force: true });
});

const line = await needService("rabbitmq");
if (line === undefined)
  describe.skip("conformance of rabbitmq: it cannot be had here", () => it("needs a server", () => {}));
else {
  const { url, version, pid } = line;
  const { hostname: host, port } = new URL(url);
  const broker = { host, port: Number(port) };
  conformance({
    backend: (namespace) => rabbitmq(optionsOf(url, namespace)),
    proxy: (namespace) => throughProxy(broker, (door) => rabbitmq({ ...optionsOf(url, namespace), ...door })),
    name: `conformance of rabbitmq ${version}`,
    levels: ["seam", "system", "chaos"],
    ...(pid !== null && { restart: (awayMs: number) => restart("rabbitmq", { version }, { awayMs }) }),
    spawnWorker: (options: WorkerChildOptions): Promise<SpawnedWorker> => spawnWorker(workerModule(url), options),
    // Longer than any wait of core.
    outageMs: isFull ? 60_000 : 10_000,
    timeoutMs: 240_000,
  });
}
