import { setTimeout as sleep } from "node:timers/promises";
import { Dispatcher } from "@org/dispatch-core";
import type { DispatchEvent } from "@org/dispatch-core/contract";
import { spawnWorker, type WorkerChild } from "@org/dispatch-testkit";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { type KafkaBackend, kafka } from "./index.ts";
import { newNamespace } from "./testing/opened.ts";
import { removeTopics } from "./testing/swept.ts";
import { optionsOf, workerModule } from "./testing/worker-backend.ts";

const { kafka: line } = inject("services");
const TASKS = 5;
const LEASE_MS = 3_000;

// A process that stands still: its connections stay open, the broker hears nothing of it for longer than its session, and then it goes on as if nothing had been.
describe.skipIf(line === undefined)("a worker that gets SIGSTOP", () => {
  const url = line?.url ?? "";
  const namespace = newNamespace();
  const children: WorkerChild[] = [];
  const backends: KafkaBackend[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill();
    await Promise.all(backends.splice(0).map((backend) => backend.close()));
    await removeTopics(url, namespace);
  });

  it("past its session is not heard when it goes on, and works again", async () => {
    const events: DispatchEvent[] = [];
    const count = (name: DispatchEvent["event"]) => events.filter(({ event }) => event === name).length;
    const child = async () => {
      const started = await spawnWorker(workerModule(url, 3), { namespace, leaseMs: LEASE_MS, concurrency: TASKS });
      children.push(started);
      return started;
    };
    const backend = kafka(optionsOf(url, 3, namespace));
    backends.push(backend);
    const dispatcher = await Dispatcher.open(backend, { create: true, leaseMs: LEASE_MS, observer: (event) => void events.push(event) }); // biome-ignore format: one line
    const inputs = Array.from({ length: TASKS }, (_, n) => ({ n, takesMs: 1_000 }));
    const run = () => dispatcher.run<unknown, { n: number; by: string }>("default", inputs).results();

    const frozen = await child();
    const first = run();
    await vi.waitFor(() => expect(count("task_progress")).toBe(TASKS), { timeout: 30_000 });
    frozen.freeze();
    const other = await child();
    const results = await first;
    expect(results.map(({ index, value, outcome }) => [index, value?.n, value?.by, outcome]).sort()).toEqual(
      inputs.map(({ n }) => [n, n, other.id, "completed"]),
    );
    frozen.thaw();
    // Its handlers return now; what it would write of them it must not.
    await sleep(LEASE_MS);
    expect([count("task_ended"), count("result_duplicate")]).toEqual([TASKS, 0]);
    await other.stop();
    const again = await run();
    expect(new Set(again.map(({ value }) => value?.by))).toEqual(new Set([frozen.id]));
    await dispatcher.close();
  }, 120_000);
});
