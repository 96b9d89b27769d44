import { readFileSync } from "node:fs";
import { type Level, register, type TestRunner, throughProxy } from "@org/dispatch-testkit";
import { describe, inject, it } from "vitest";
import { rabbitmq } from "./index.ts";

const services = inject("services");
const sideBySide: TestRunner = { describe, it: it.concurrent };
const isFull = process.env.DISPATCH_TEST_FULL === "1";
/** Some cases wait for many leases. */
const timeoutMs = 180_000;

/** By itself only the seam; all of it on the newest server, which has a file of its own. */
const levels: readonly Level[] = isFull ? ["seam", "system", "chaos"] : ["seam"];

for (const [name, line] of Object.entries(services)) {
  if (name === "rabbitmq") continue;
  if (line === undefined) {
    describe.skip(`conformance of ${name}: it cannot be had here`, () => it("needs a server", () => {}));
    continue;
  }
  const { url, ca, version } = line;
  const tls = ca === undefined ? undefined : { ca: readFileSync(ca) };
  const [first = url] = url.split(",");
  const broker = { host: new URL(first).hostname, port: Number(new URL(first).port) };
  // A second is as short as a heartbeat can be, and leases follow it.
  const own = (namespace: string) => ({ namespace: `dispatch.${namespace}`, heartbeatMs: 1_000 });
  register(
    {
      backend: (namespace) => rabbitmq({ ...own(namespace), url, tls }),
      proxy: (namespace) => throughProxy(broker, (door) => rabbitmq({ ...own(namespace), url: first, tls, ...door })),
      name: `conformance of ${name} ${version}`,
      levels,
      timeoutMs,
    },
    sideBySide,
  );
}

const newest = services.rabbitmq;
for (const priority of ["native", "classic"] as const) {
  if (newest === undefined) continue;
  const { url, version } = newest;
  const own = (namespace: string) => ({ namespace: `dispatch.${namespace}`, heartbeatMs: 1_000, priority });
  const broker = { host: new URL(url).hostname, port: Number(new URL(url).port) };
  register(
    {
      backend: (namespace) => rabbitmq({ ...own(namespace), url }),
      proxy: (namespace) => throughProxy(broker, (door) => rabbitmq({ ...own(namespace), url, ...door })),
      name: `conformance of ${priority} priorities on rabbitmq ${version}`,
      levels: isFull ? ["seam", "system"] : ["seam"],
      timeoutMs,
    },
    sideBySide,
  );
}
