import { type SpawnedWorker, spawnWorker, throughProxy, type WorkerChildOptions } from "@org/dispatch-testkit";
import { conformance } from "@org/dispatch-testkit/vitest";
import { afterAll } from "vitest";
import { rabbitmq } from "./index.ts";
import { ownServer } from "./testing/own-server.ts";
import { optionsOf, workerModule } from "./testing/worker-backend.ts";

const isFull = process.env.DISPATCH_TEST_FULL === "1";

// The suite stops it and starts it again: it is this file's alone.
const { url, host, port, restart, end } = await ownServer("conformance");
afterAll(end);

conformance({
  backend: (namespace) => rabbitmq(optionsOf(url, namespace)),
  proxy: (namespace) => throughProxy({ host, port }, (door) => rabbitmq({ ...optionsOf(url, namespace), ...door })),
  name: "conformance of RabbitMQ",
  levels: ["seam", "system", "chaos"],
  restart,
  spawnWorker: (options: WorkerChildOptions): Promise<SpawnedWorker> => spawnWorker(workerModule(url), options),
  // Longer than any wait of core.
  outageMs: isFull ? 60_000 : 10_000,
  timeoutMs: 240_000,
});
