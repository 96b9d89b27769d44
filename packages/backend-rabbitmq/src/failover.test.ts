import { rm } from "node:fs/promises";
import { runConformance } from "@org/dispatch-testkit";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { down, up } from "../../../tooling/services/lifecycle.ts";
import { instancesFolder } from "../../../tooling/services/places.ts";
import { rabbitmq } from "./index.ts";
import { acks, frames, never, newNamespace, open, takeAll, textsOf, WORK } from "./testing/opened.ts";

// Takes long, and three servers: with `./dev test --full`.
const isWanted = process.env.DISPATCH_TEST_FULL === "1";

describe.skipIf(!isWanted)("a cluster of three", () => {
  beforeAll(() => {
    process.env.DISPATCH_SERVICES_SET = `backend-rabbitmq-failover-${process.pid}`;
    process.env.DISPATCH_TEST_RABBITMQ_URL = "";
  });
  afterAll(async () => {
    await down("rabbitmq");
    await rm(instancesFolder(), { recursive: true, force: true });
  }, 60_000);

  it("goes on without the node that everybody was connected to, and the seam holds on the other two", async () => {
    const { url, pid } = await up("rabbitmq", { form: "cluster" });
    const backend = rabbitmq({ url, namespace: newNamespace(), heartbeatMs: 1_000 });
    await open(backend);
    await backend.send(WORK, frames("a", "b"), never);
    const [held] = await takeAll(backend, 1);
    process.kill([pid].flat()[0] as number, "SIGKILL");
    await vi.waitFor(
      async () => expect(await backend.send(WORK, frames("c"), AbortSignal.timeout(1_000))).toEqual(["ok"]),
      { timeout: 60_000, interval: 200 },
    );
    expect(await backend.settle(acks(held as never), never)).toEqual(["lost"]);
    // What was held over the node that is gone waits for it to come back, a minute by default (from 4.3 on).
    const found: string[] = [];
    await vi.waitFor(
      async () => {
        const some = await takeAll(backend, 1);
        await backend.settle(acks(...some), never);
        found.push(...textsOf(some));
        expect(found.sort()).toEqual(["a", "b", "c"]);
      },
      { timeout: 150_000 },
    );
    await backend.close();
    const { totals, cases } = await runConformance({
      backend: (namespace) => rabbitmq({ url, namespace: `dispatch.${namespace}`, heartbeatMs: 1_000 }),
      levels: ["seam"],
      report: false,
    });
    expect(cases.filter(({ status }) => status === "failed")).toEqual([]);
    expect(totals.passed).toBeGreaterThan(30);
  }, 600_000);
});
