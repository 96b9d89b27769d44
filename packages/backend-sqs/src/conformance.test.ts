import { register, type TestRunner } from "@org/dispatch-testkit";
import { afterAll, describe, inject, it } from "vitest";
import { sqs } from "./index.ts";
import { inProcess } from "./testing/in-process.ts";

const sideBySide: TestRunner = { describe, it: it.concurrent };
const levels = ["seam", "system", "chaos"] as const;
/** Another eight minutes. */
const levelsOfElasticMq = process.env.DISPATCH_TEST_FULL === "1" ? levels : (["seam"] as const);
/** Polls that a case leaves behind end soon. */
const longPollingMs = 1_000;
/** Some cases wait for many leases. */
const timeoutMs = 180_000;

const own = await inProcess();
afterAll(() => own.server.stop());
register({ backend: (namespace) => sqs({ namespace, url: own.url, longPollingMs }), name: "conformance of fauxqs", levels, timeoutMs }, sideBySide); // biome-ignore format: one call
register(
  {
    backend: (namespace) => sqs({ namespace, url: own.url, longPollingMs, fifo: true }),
    name: "conformance of fauxqs with FIFO lanes",
    levels: ["seam"],
    timeoutMs,
  },
  sideBySide,
);

const { sqs: line } = inject("services");
if (line === undefined)
  describe.skip("conformance of ElasticMQ: it cannot be had here", () => it("needs a server", () => {}));
else {
  const { url, version } = line;
  const name = `conformance of ElasticMQ ${version}`;
  register(
    { backend: (namespace) => sqs({ namespace, url, longPollingMs }), name, levels: levelsOfElasticMq, timeoutMs },
    sideBySide,
  );
  register({ backend: (namespace) => sqs({ namespace, url, longPollingMs, fifo: true }), name: `${name} with FIFO lanes`, levels: ["seam"], timeoutMs }, sideBySide); // biome-ignore format: one call
}
