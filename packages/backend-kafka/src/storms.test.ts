import { setTimeout as sleep } from "node:timers/promises";
import { Dispatcher, defineTask, Worker } from "@org/dispatch-core";
import type { Result } from "@org/dispatch-core/contract";
import { afterEach, describe, expect, inject, it } from "vitest";
import { type KafkaBackend, kafka } from "./index.ts";
import { frames, newNamespace, opened, takeAll, WORK } from "./testing/opened.ts";
import { removeTopics } from "./testing/swept.ts";

// With `./dev test --full`: groups that never rest, and a broker that is killed.
const isFull = process.env.DISPATCH_TEST_FULL === "1";
const services = inject("services");

describe.skipIf(!isFull || services.kafka === undefined)("a rebalance storm", () => {
  const url = services.kafka?.url ?? "";
  const namespace = newNamespace();
  const backends: KafkaBackend[] = [];
  afterEach(async () => {
    await Promise.all(backends.splice(0).map((backend) => backend.close()));
    await removeTopics(url, namespace);
  });

  it("of a worker that joins or leaves every 2 s loses no task, and counts none as lost", async () => {
    const make = () => {
      const backend = kafka({ url, namespace, partitions: 6, sessionTimeoutMs: 6_000 });
      backends.push(backend);
      return backend;
    };
    const task = defineTask<number, number>({
      name: "default",
      handler: async (n) => {
        await sleep(10);
        return n;
      },
    });
    const start = async () => {
      const backend = make();
      const worker = await Worker.start(backend, task, {
        create: true,
        concurrency: 5,
        leaseMs: 10_000,
        drainMs: 1_000,
      });
      return { backend, worker };
    };
    const workers = [await start(), await start()];
    const dispatcher = await Dispatcher.open(make(), { create: true, packs: false, leaseMs: 10_000 });
    const run = dispatcher.run(task, Array(10_000).keys(), { maxInFlight: 2_000 });
    let isOver = false;
    const storm = async () => {
      for (let turn = 0; !isOver; turn += 1) {
        await sleep(2_000);
        if (turn % 2 === 0) workers.push(await start());
        else {
          const gone = workers.shift();
          await gone?.worker.stop();
          await gone?.backend.close();
        }
      }
    };
    const storming = storm();
    const results: Result<number>[] = [];
    for await (const result of run) results.push(result);
    isOver = true;
    await storming;
    expect(results.map(({ index }) => index).sort((one, other) => one - other)).toEqual([...Array(10_000).keys()]);
    expect(results.filter(({ outcome, lost }) => outcome !== "completed" || lost > 0)).toEqual([]);
    for (const { worker } of workers) await worker.stop();
    await dispatcher.close();
  }, 400_000);
});

describe.skipIf(services.cluster === undefined)("one of three brokers that is killed", () => {
  it("takes nothing with it of 10,000 frames that were acknowledged", async () => {
    const { url = "", pid } = services.cluster ?? {};
    const backend = await opened({ url, partitions: 6, sessionTimeoutMs: 6_000 }, [WORK]);
    const acknowledged = new Set<string>();
    const wanted = Array.from({ length: 10_000 }, (_, at) => String(at));
    for (let at = 0; at < wanted.length; at += 100) {
      if (at === 3_000) process.kill([pid ?? []].flat()[1] as number, "SIGKILL");
      const some = wanted.slice(at, at + 100);
      // As core does: what is not acknowledged is sent again.
      for (const untilMs = Date.now() + 60_000; some.some((text) => !acknowledged.has(text)); ) {
        const left = some.filter((text) => !acknowledged.has(text));
        const outcomes = await backend.send(WORK, frames(...left), AbortSignal.timeout(20_000)).catch((failed: unknown) => left.map(() => ({ failed }))); // biome-ignore format: one call
        for (const [index, text] of left.entries()) if (outcomes[index] === "ok") acknowledged.add(text);
        if (outcomes.some((outcome) => outcome !== "ok")) await sleep(200);
        if (Date.now() > untilMs) throw new Error("the cluster takes nothing any more");
      }
    }
    const got = new Set((await takeAll(backend, { max: 1_000, waitMs: 5_000 })).map(({ bytes }) => String(bytes)));
    expect(wanted.filter((text) => !got.has(text))).toEqual([]);
    await backend.close();
  }, 300_000);
});
