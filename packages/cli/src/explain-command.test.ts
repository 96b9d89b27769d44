import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PlanLine } from "@org/dispatch-core";
import { memory } from "@org/dispatch-core/memory";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { capturedSurroundings } from "./captured-surroundings.ts";
import { type ExplainCommandOptions, explainOn } from "./explain-command.ts";
import { main } from "./main.ts";
import { wrappedBackend } from "./wrapped-backend.ts";

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

test("packs as the configuration has them", async () => {
  const cwd = await temporaryFolder("dispatch-explain");
  const packsOf = async (file: object) => {
    await writeFile(join(cwd, "f.json"), JSON.stringify(file));
    const around = capturedSurroundings({ cwd });
    expect(await main(["explain", "--config", "f.json", "--json"], around)).toBe(0);
    const { plan } = JSON.parse(around.outText()) as { plan: readonly PlanLine[] };
    return plan.find(({ need }) => need === "packs");
  };
  expect(await packsOf({ max_batch_size: 20, targetPackMs: 50 })).toEqual({
    need: "packs",
    how: "emulated",
    text: "10 tasks at first, then as many as make up 50 ms, 20 at most; a task with an id travels alone, since a repeat is refused",
  });
  const off = { need: "packs", how: "native", text: "off: every task has a frame of its own" };
  expect(await packsOf({ adaptive_batching: false })).toEqual(off);
  expect(await packsOf({ maxLost: 0 })).toEqual(off);
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

test("what an adapter doubts of the broker is said where the broker is asked", async () => {
  const inner = memory();
  const doubt = { code: "MISMATCH", detail: "it evicts" } as const;
  const backend = wrappedBackend(inner, {
    open: async (...given) => {
      await inner.open(...given);
      return [doubt, doubt];
    },
  });
  const said = async (options: Partial<ExplainCommandOptions>) => {
    const around = capturedSurroundings();
    expect(await explainOn(backend, { json: false, ...options } as ExplainCommandOptions, around)).toBe(0);
    return around.outText();
  };
  expect(await said({ connect: false })).not.toMatch("doubt");
  expect(await said({ connect: true })).toMatch(/\ndoubt +MISMATCH +memory: it evicts\n$/);
  const { doubts } = JSON.parse(await said({ connect: true, json: true }));
  expect(doubts).toEqual([{ code: "MISMATCH", detail: "memory: it evicts" }]);
});
