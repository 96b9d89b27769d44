import { pino } from "pino";
import { expect, it } from "vitest";
import { logEvents } from "./log.ts";
import { MemoryWorld } from "./testing/memory-world.ts";
import { defineTask } from "./work/task.ts";

it("a pino instance is a logger: for events, and for what handlers log", async () => {
  const lines: { readonly [field: string]: unknown }[] = [];
  const logger = pino({ level: "debug" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const world = new MemoryWorld();
  const observer = logEvents(logger, { backend: "memory" });
  const dispatcher = await world.dispatcher({ observer });
  const handler = (_: unknown, { log }: { readonly log: { info(fields: object, message: string): void } }) =>
    log.info({ size: 3 }, "half way");
  await world.worker([defineTask({ handler })], { observer, logger });
  expect(await world.outcomes(dispatcher.run("default", [1]))).toEqual(["completed undefined"]);
  const named = (event: string) => lines.find((line) => line.event === event);
  expect(named("queue_completed")).toMatchObject({
    level: 30,
    backend: "memory",
    queue: "default",
    task: "default",
    attempt: 1,
  });
  expect(named("call")).toMatchObject({ level: 20, backend: "memory", verb: expect.any(String) });
  expect(named("worker_started")).not.toHaveProperty("status");
  expect(lines.find(({ msg }) => msg === "half way")).toMatchObject({
    level: 30,
    size: 3,
    task: "default",
    attempt: 1,
  });
});
