import { rm } from "node:fs/promises";
import { afterAll, expect, test } from "vitest";
import { down, restart } from "../services/lifecycle.ts";
import { needService } from "../services/need-service.ts";
import { instancesFolder } from "../services/places.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { drain } from "./drain.ts";
import { evaluate } from "./evaluation.ts";

// What each broker is for, from end to end, by the command alone. A set of servers of its own, since they are stopped.
process.env.DISPATCH_SERVICES_SET = `journeys-${process.pid}`;
const brokers = ["redis"] as const;

for (const name of brokers) {
  process.env[`DISPATCH_TEST_${name.toUpperCase()}_URL`] = "";
}
afterAll(async () => {
  for (const name of brokers) await down(name);
  await rm(instancesFolder(), { recursive: true, force: true });
});

const servers = Object.fromEntries(
  await Promise.all(brokers.map(async (name) => [name, await needService(name)] as const)),
);

test.each(brokers.filter((name) => servers[name] !== undefined))(
  "%s: four workers, two of which are killed, and a broker that is restarted: each case has its one outcome",
  async (name) => {
    const folder = await temporaryFolder(`journey-${name}`);
    const backend = ["--config", servers[name]?.config ?? ""];
    const done = await evaluate({ backend, folder, restart: () => restart(name) });
    expect(done.run).toEqual({ code: 0, signal: null });
    expect(done.results).toHaveLength(done.inputs.length);
    expect(new Set(done.results.map(({ index }) => index)).size).toBe(done.inputs.length);
    for (const { index, outcome, value } of done.results)
      expect([index, outcome, value?.file]).toEqual([index, "completed", done.inputs[index]?.file]);
    expect(done.summary).toMatchObject({ total: done.inputs.length, completed: done.inputs.length, dead: 0 });
    expect(done.summary.lost).toBeGreaterThan(0);
    expect(done.killed).toEqual(Array(2).fill({ code: null, signal: "SIGKILL" }));
    expect(done.stopped).toEqual(Array(2).fill({ code: 0, signal: null }));
  },
  240_000,
);

test.each(brokers.filter((name) => servers[name] !== undefined))(
  "%s: a worker that gets SIGTERM finishes what it has begun, gives the rest back, and ends with 0",
  async (name) => {
    const folder = await temporaryFolder(`journey-${name}`);
    const backend = ["--config", servers[name]?.config ?? "", "--queue", "drained"];
    const done = await drain({ backend, folder });
    expect(done.ends).toEqual(Array(2).fill({ code: 0, signal: null }));
    expect(done.run).toEqual({ code: 0, signal: null });
    expect(done.summary).toMatchObject({
      completed: done.count,
      retried: 0,
      lost: 0,
      resent: 0,
      duplicates: 0,
      fenced: 0,
    });
    expect(done.finished).toBe(done.count);
    expect(done.released).toBeGreaterThan(0);
  },
  120_000,
);
