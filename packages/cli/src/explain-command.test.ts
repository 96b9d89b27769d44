import { memory } from "@org/dispatch-core/memory";
import { expect, test } from "vitest";
import { capturedSurroundings } from "./captured-surroundings.ts";
import { main } from "./main.ts";

test.each([
  ["memory:", "priority", /native\s+0 to 10/],
  ["memory:redis", "settling", /native\s+ack, result, retry and dead letter in one step/],
  ["memory:sqs", "delay", /emulated\s+native up to 15 min/],
  ["memory:rabbitmq", "lease", /emulated\s+the session's: a dead process is noticed within/],
  ["memory:kafka", "delay", /emulated\s+20 tiers from 100 ms/],
])("the plan of %s says how %s is met", async (backend, need, how) => {
  const around = capturedSurroundings();
  const code = await main(["explain", "--backend", backend, "--timeout", "60000"], around);
  expect([code, around.errText()]).toEqual([0, ""]);
  const line = around.outText().split("\n").find((text) => text.startsWith(need)); // biome-ignore format: one line
  expect(line).toMatch(how);
});

test("as JSON: what programs read", async () => {
  const around = capturedSurroundings();
  expect(await main(["explain", "--json"], around)).toBe(0);
  const { backend, plan } = JSON.parse(around.outText());
  expect(backend).toBe(memory().name);
  expect(plan[0]).toEqual({ need: "lease", how: "native", text: expect.any(String) });
});

test("an option that the backend cannot keep is said first, and is exit 2", async () => {
  const around = capturedSurroundings();
  expect(await main(["explain", "--backend", "memory:sqs", "--timeout", "86400000"], around)).toBe(2);
  expect(around.outText()).toMatch(/options\s+refused\s+timeoutMs is 86400000/);
});
