import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type PlanLine, systemClock } from "@org/dispatch-core";
import type { Queue } from "@org/dispatch-core/contract";
import { memory } from "@org/dispatch-core/memory";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { capturedSurroundings } from "./captured-surroundings.ts";
import { type ExplainCommandOptions, explainOn } from "./explain-command.ts";
import { main } from "./main.ts";
import { wrappedBackend } from "./wrapped-backend.ts";

const workQueue = (name: string): Queue => ({ role: "work", name, of: "default" });

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

test("without leave to make queues, what their lack would cost is said; with --connect, what it costs", async () => {
  const inner = memory({ character: "sqs" });
  // As a broker has it that other processes reach: there queues are not made without leave.
  const backend = wrappedBackend(inner, { profile: { ...inner.profile, reach: "network" } });
  const lineOf = async (need: string, options: Partial<ExplainCommandOptions>) => {
    const around = capturedSurroundings();
    expect(await explainOn(backend, { json: false, ...options } as ExplainCommandOptions, around)).toBe(0);
    return around.outText().split("\n").filter((text) => text.startsWith(need)).join(); // biome-ignore format: one line
  };
  const without = "without queues one lane: priorities other than 4 to 6 are refused";
  expect(await lineOf("priority", { connect: false, create: false })).toContain(`emulated  lanes high`);
  expect(await lineOf("priority", { connect: false, create: false })).toContain(without);
  expect(await lineOf("delay", { connect: false, create: false })).toContain("delays above 15 min are refused");
  expect(await lineOf("priority", { connect: false, create: true })).not.toContain("refused");
  const own = [workQueue("normal"), { role: "dead", name: "dead", of: "default" } as const];
  const made = { receive: [], send: own, create: true, leaseMs: 1_000, clock: systemClock() };
  await backend.open(made, new AbortController().signal);
  expect(await lineOf("priority", { connect: true, create: false })).toMatch(/refused +one lane: .*create makes/);
  expect(await lineOf("delay", { connect: true, create: false })).toMatch(/native +delays above 15 min are refused/); // biome-ignore format: one line
  expect(await lineOf("doubt", { connect: true, create: false })).toMatch(/MISSING +.*"default\/high".*"default\/low".*"default\/later"/); // biome-ignore format: one line
  const others = [workQueue("high"), workQueue("low"), { role: "later", name: "later", of: "default" } as const];
  await backend.open({ ...made, send: others }, new AbortController().signal);
  expect(await lineOf("priority", { connect: true, create: false })).not.toContain("refused");
  expect(await lineOf("doubt", { connect: true, create: false })).toBe("");
  expect(await lineOf("broker", { connect: true, create: false })).toMatch(/^broker +reached +nothing to doubt/);
  expect(await lineOf("broker", { connect: false, create: false })).toBe("");
  await backend.close();
});
