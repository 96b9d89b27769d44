import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { Dispatcher, systemClock } from "@org/dispatch-core";
import { memory } from "@org/dispatch-core/memory";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { capturedSurroundings } from "./captured-surroundings.ts";
import { openHttp } from "./http-service.ts";
import { logOf } from "./log.ts";
import type { LogMode } from "./options.ts";
import { runOn } from "./run-command.ts";
import { screenOn } from "./screen.ts";
import { workOn } from "./worker-command.ts";
import { wrappedBackend } from "./wrapped-backend.ts";

const OPTIONS = { backend: "memory", handler: "h.mjs", create: true, concurrency: 2, http: "127.0.0.1:0" } as const;
const RUN = { ...OPTIONS, input: "in.jsonl", output: "-", force: false, envelope: false, worker: true } as const;

async function surroundings() {
  const cwd = await temporaryFolder("dispatch-http");
  await writeFile(
    join(cwd, "h.mjs"),
    `export default async (n) => { if (n === 2) await new Promise(() => {}); return n; };`,
  );
  await writeFile(join(cwd, "in.jsonl"), "1\n3\n2\n");
  return capturedSurroundings({ cwd, clock: systemClock() });
}

/** Where a command says that it listens. */
async function urlOf(around: { errText(): string }): Promise<string> {
  const find = () => /http:\/\/[\d.:]+/.exec(around.errText())?.[0] ?? "";
  await expect.poll(find, { timeout: 10_000 }).not.toBe("");
  return find();
}

const page = async (url: string, path: string) => {
  const response = await fetch(`${url}${path}`);
  return { status: response.status, text: await response.text() };
};
const sampleOf = (text: string, name: string) => Number(new RegExp(`^${name}{[^}]*} (.+)$`, "m").exec(text)?.[1]);

describe("--http", () => {
  test("a worker serves metrics, health and the scale signal until it has stopped", async () => {
    const around = await surroundings();
    const backend = memory();
    const dispatcher = await Dispatcher.open(backend);
    for (const payload of [1, 3, 2, 2, 2]) await dispatcher.send("default", payload);
    const ended = workOn(backend, { ...OPTIONS, drainMs: 0, abandonMs: 0, log: "text" }, around);
    const url = await urlOf(around);
    await expect.poll(async () => sampleOf((await page(url, "/metrics")).text, "dispatch_slots_busy")).toBe(2);
    const { text } = await page(url, "/metrics");
    // Two are at work; the third waits, here or in the queue.
    const [inHand = 0, pending = 0] = ["dispatch_inflight_cases", "dispatch_queue_pending_tasks"].map((name) =>
      sampleOf(text, name),
    );
    expect([inHand + pending, inHand >= 2]).toEqual([3, true]);
    expect(text).toContain(
      'dispatch_tasks_settled_total{backend="memory",queue="default",task="default",outcome="completed",reason=""} 2',
    );
    expect(await page(url, "/livez")).toEqual({ status: 200, text: "ok\n" });
    expect(await page(url, "/readyz")).toMatchObject({ status: 200, text: expect.stringContaining('"ready":true') });
    const scale = JSON.parse((await page(url, "/scale")).text);
    expect(scale).toMatchObject({ backlog: expect.any(Number), oldestAgeSeconds: expect.any(Number) });
    // How many more follows from how long tasks take here; its formula has tests of its own.
    expect(scale.desiredWorkers).toBeGreaterThanOrEqual(1);
    around.raise("SIGTERM");
    expect(await ended).toBe(0);
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
    await dispatcher.close();
    await backend.close();
  });

  test("a run serves the books of its tasks; its log says where", async () => {
    const around = await surroundings();
    const backend = memory();
    const ended = runOn(backend, { ...RUN, globalTimeoutMs: 3_000, drainMs: 0, abandonMs: 0, log: "json" }, around);
    const url = await urlOf(around);
    const first = JSON.parse(around.errText().split("\n", 1)[0] ?? "");
    expect(first).toMatchObject({ level: "info", event: "http_listening", url });
    await expect
      .poll(async () => sampleOf((await page(url, "/metrics")).text, "dispatch_cases_completed_total"))
      .toBe(2);
    const { text } = await page(url, "/metrics");
    const [sent, outstanding] = ["dispatch_cases_dispatched_total", "dispatch_tasks_outstanding"].map((name) =>
      sampleOf(text, name),
    );
    expect([sent, outstanding]).toEqual([3, 1]);
    expect(await ended).toBe(1);
    await backend.close();
  });

  test("it listens before the broker is reached, and says that it is not", async () => {
    const around = await surroundings();
    const backend = wrappedBackend(memory(), { open: () => new Promise(() => {}) });
    const ended = workOn(backend, { ...OPTIONS, log: "text" }, around);
    const red = await page(await urlOf(around), "/readyz");
    expect([red.status, JSON.parse(red.text)]).toMatchObject([
      503,
      { ready: false, reasons: ["no broker has answered yet"] },
    ]);
    around.raise("SIGINT");
    expect(await ended).toBe(0);
    await backend.close();
  });

  test("a worker that may not ask how its queue stands works all the same, and warns", async () => {
    const around = await surroundings();
    let opened = 0;
    const inner = memory();
    const open: typeof inner.open = async (...given) => {
      opened += 1;
      if (opened > 1) throw Object.assign(new Error("no right to the dead letters"), { code: "DENIED" });
      return inner.open(...given);
    };
    const backend = wrappedBackend(inner, { open, classify: () => ({ code: "DENIED" }) });
    const ended = workOn(backend, { ...OPTIONS, log: "text" }, around);
    const url = await urlOf(around);
    await expect.poll(() => around.errText()).toContain("warn how the queue stands cannot be asked: ");
    expect((await page(url, "/metrics")).status).toBe(200);
    around.raise("SIGINT");
    expect(await ended).toBe(0);
    await backend.close();
  });
});

describe("what is wrong with it", () => {
  const opening = async (http: string, around: { cwd: string; home: string }, log: LogMode = "off") => {
    const screen = screenOn(capturedSurroundings().stderr);
    const backend = memory();
    onTestFinished(() => backend.close());
    const options = { ...OPTIONS, log, http };
    return openHttp(backend, options, { log: logOf(log, screen), screen }, { ...around, clock: systemClock() });
  };

  test("the package is not installed, or is something else", async () => {
    const cwd = await temporaryFolder("dispatch-nothing");
    const bare = { cwd, home: join(cwd, "bin.js") };
    await expect(opening("127.0.0.1:0", bare)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: "the package @org/dispatch-metrics is not installed; install @org/dispatch-metrics, then try again",
    });
    const other = join(cwd, "node_modules/@org/dispatch-metrics");
    await mkdir(other, { recursive: true });
    await writeFile(
      join(other, "package.json"),
      JSON.stringify({ name: "@org/dispatch-metrics", type: "module", main: "index.js" }),
    );
    await writeFile(join(other, "index.js"), "export const Metrics = 1;");
    await expect(opening("127.0.0.1:0", bare)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("is it of another version?"),
    });
  });

  test("somebody listens there already", async () => {
    const other = createServer().listen({ host: "127.0.0.1", port: 0 });
    await new Promise((resolve) => other.once("listening", resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as { readonly port: number };
    const around = capturedSurroundings();
    await expect(opening(`127.0.0.1:${port}`, around)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("EADDRINUSE"),
    });
  });
});
