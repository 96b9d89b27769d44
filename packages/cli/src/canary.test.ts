import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Dispatcher, systemClock } from "@org/dispatch-core";
import { memory } from "@org/dispatch-core/memory";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { type CapturedSurroundings, capturedSurroundings } from "./captured-surroundings.ts";
import { main } from "./main.ts";
import { runOn } from "./run-command.ts";
import { workOn } from "./worker-command.ts";

// What a task carries, and what opens a broker, is in no line of a log, in no line for people, and in no metric.

const PAYLOAD = "canary-payload-61c1";
const VALUE = "canary-value-93e0";
const HEADER = "canary-header-2f77";
const SECRET = "canary-secret-b0d4";
const CANARY = /canary-[a-z]+-[0-9a-f]{4}/;

const HANDLER = `
export default async (payload, { attempt, progress, log }) => {
  progress({ seen: payload, value: "${VALUE}" });
  log.info({ attempt }, "begun");
  if (payload.n === 1) throw new Error("boom");
  if (payload.n === 2) await new Promise(() => {});
  if (payload.n === 3) return { value: "${VALUE}", big: 1n };
  return "${VALUE}";
};
`;

async function surroundings(): Promise<CapturedSurroundings> {
  const cwd = await temporaryFolder("dispatch-canary");
  await writeFile(join(cwd, "h.mjs"), HANDLER);
  const lines = [0, 1, 2, 3, 4].map((n) => JSON.stringify({ payload: { n, text: PAYLOAD }, headers: { h: HEADER } }));
  // An envelope that is none, and a line that is no JSON.
  await writeFile(
    join(cwd, "in.jsonl"),
    [...lines, `{"payload":1,"priority":"${PAYLOAD}"}`, `${PAYLOAD} {`].join("\n"),
  );
  return capturedSurroundings({ cwd, clock: systemClock() });
}

const COMMON = {
  backend: "memory",
  handler: "h.mjs",
  create: true,
  timeoutMs: 200,
  maxAttempts: 2,
  backoff: { baseMs: 10 },
  drainMs: 0,
  abandonMs: 50,
} as const;

describe.each(["text", "json"] as const)("--log %s", (log) => {
  test("a run whose tasks fail, time out, complete, and report", async () => {
    const around = await surroundings();
    const backend = memory();
    const options = {
      ...COMMON,
      log,
      input: "in.jsonl",
      output: "out.jsonl",
      force: false,
      envelope: true,
      worker: true,
      http: "127.0.0.1:0",
    };
    let metrics = "";
    const scrape = setInterval(async () => {
      const url = /http:\/\/[\d.:]+/.exec(around.errText())?.[0];
      if (url !== undefined) metrics += await fetch(`${url}/metrics`).then((page) => page.text(), () => ""); // biome-ignore format: one line
    }, 50);
    expect(await runOn(backend, options, around)).toBe(1);
    clearInterval(scrape);
    await backend.close();
    expect(metrics).toContain("dispatch_tasks_ended_total");
    expect(around.errText()).toMatch(log === "json" ? /"event":"task_timed_out"/ : /5 tasks|7 tasks/);
    expect(`${around.outText()}${around.errText()}${metrics}`).not.toMatch(CANARY);
  });

  test("a worker, with what it cannot read and what nobody waits for", async () => {
    const around = await surroundings();
    const backend = memory();
    const dispatcher = await Dispatcher.open(backend);
    for (const n of [0, 1, 2, 3])
      await dispatcher.send("default", { n, text: PAYLOAD }, { headers: { h: HEADER }, id: `${PAYLOAD}-${n}` });
    await dispatcher.send("unknown", PAYLOAD);
    const damaged = {
      bytes: new TextEncoder().encode(PAYLOAD),
      name: "x#0.0~0",
      id: "x",
      first: true,
      priority: 5,
      delayMs: 0,
      key: undefined,
    };
    await backend.send({ role: "work", name: "normal", of: "default" }, [damaged], new AbortController().signal);
    const ended = workOn(backend, { ...COMMON, log }, around);
    const depth = async () =>
      backend.depth({ role: "work", name: "normal", of: "default" }, new AbortController().signal);
    await expect.poll(async () => Object.values(await depth()).slice(0, 3), { timeout: 10_000 }).toEqual([0, 0, 0]);
    around.raise("SIGTERM");
    expect(await ended).toBe(0);
    await dispatcher.close();
    await backend.close();
    expect(around.errText()).toMatch(
      log === "json" ? /"event":"frame_rejected"/ : /warn a frame of queue default is refused/,
    );
    expect(`${around.outText()}${around.errText()}`).not.toMatch(CANARY);
  });
});

test("a broker behind a password that does not answer", async () => {
  const around = await surroundings();
  const backend = ["--backend", `redis://user:${SECRET}@127.0.0.1:9`, "--log", "json"];
  const ended = main(["worker", "--handler", "h.mjs", ...backend], around);
  await expect.poll(() => around.errText(), { timeout: 10_000 }).toMatch(/"verb":"open".*"code":"UNAVAILABLE"/);
  around.raise("SIGTERM");
  expect(await ended).toBe(0);
  expect(`${around.outText()}${around.errText()}`).not.toMatch(CANARY);
});

test("the plan for it", async () => {
  const around = await surroundings();
  expect(await main(["explain", "--backend", `redis://user:${SECRET}@127.0.0.1:9`], around)).toBe(0);
  expect(around.outText()).not.toMatch(CANARY);
});

test("a configuration with secrets, checked and printed", async () => {
  const around = await surroundings();
  const config = { backend: "redis", connection: { password: SECRET, host: "h" }, concurrency: `${SECRET}` };
  await writeFile(join(around.cwd, "bad.json"), JSON.stringify(config));
  await writeFile(join(around.cwd, "good.json"), JSON.stringify({ ...config, concurrency: 3 }));
  expect(await main(["config", "check", "bad.json"], around)).toBe(2);
  expect(await main(["config", "print", "good.json"], around)).toBe(0);
  expect(around.outText()).toContain("password");
  expect(around.outText()).not.toMatch(CANARY);
});
