import { expect, test } from "vitest";
import { systemClock } from "../../packages/core/dist/index.js";
import { memory } from "../../packages/core/dist/memory.js";
import { countedBackend } from "./counted-backend.ts";

test("counts the verbs that carry tasks, and changes nothing", async () => {
  const requests = { count: 0 };
  await using inner = memory();
  const backend = countedBackend(inner, requests);
  const queue = { role: "work", name: "normal", of: "default" } as const;
  const { signal } = new AbortController();
  const clock = systemClock();
  await backend.open({ receive: [queue], send: [queue], create: true, leaseMs: 1_000, clock }, signal);
  expect(backend.profile).toBe(inner.profile);
  expect(backend.classify(new Error())).toEqual(inner.classify(new Error()));
  expect(requests.count).toBe(0);

  expect(await backend.receive(queue, { max: 1, waitMs: 0, leaseMs: 1_000 }, signal)).toEqual([]);
  expect(await backend.settle([], signal)).toEqual([]);
  expect(await backend.depth?.(queue, signal)).toMatchObject({ ready: 0 });
  expect(requests.count).toBe(3);
  await backend.close();
  expect(requests.count).toBe(3);
});
