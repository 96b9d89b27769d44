import { register, type TestRunner } from "@org/dispatch-testkit";
import { describe, inject, it } from "vitest";
import { bentSession } from "../../../tooling/conformance/bent-wires.ts";
import { kafka } from "./index.ts";
import { Sweeper } from "./testing/swept.ts";

const sideBySide: TestRunner = { describe, it: it.concurrent };
/** A holder that is gone is noticed soon. */
const sessionTimeoutMs = 3_000;
/** Some cases wait for many sessions. */
const timeoutMs = 180_000;
/** What waits for sessions takes minutes: the faults, one partition, and the older server are in `./dev test --full`. */
const isFull = process.env.DISPATCH_TEST_FULL === "1";
const runs = [
  {
    service: "kafka",
    partitions: 3,
    levels: isFull ? (["seam", "system", "chaos"] as const) : (["seam", "system"] as const),
  },
  { service: "kafka", partitions: 1, levels: isFull ? (["seam", "system", "chaos"] as const) : (["seam"] as const) },
  ...(isFull ? [{ service: "kafka3", partitions: 3, levels: ["seam", "system"] as const }] : []),
];

const services = inject("services");
for (const { service, partitions, levels } of runs) {
  const line = services[service];
  if (line === undefined) {
    describe.skip("conformance of Kafka: it cannot be had here", () => it("needs a server", () => {}));
    continue;
  }
  const { url, version } = line;
  const sweeper = new Sweeper(url);
  const options = (namespace: string) => ({
    namespace: `${namespace}.${partitions}`,
    url,
    partitions,
    sessionTimeoutMs,
  });
  const swept = (namespace: string, more = {}) =>
    sweeper.swept(`${namespace}.${partitions}`, kafka({ ...options(namespace), ...more }));
  const proxy = (namespace: string) =>
    bentSession((socketFactory) => swept(namespace, { connection: { socketFactory } }));
  const name = `conformance of Kafka ${version} with ${partitions === 1 ? "one partition" : `${partitions} partitions`}`;
  register({ backend: swept, proxy, name, levels, timeoutMs, concurrency: 5 }, sideBySide);
}
