import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ResultEntry } from "@org/dispatch-core/contract";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { newNamespace } from "./testing/opened.ts";
import { type OwnServer, ownServer } from "./testing/own-server.ts";

// The command, as it is built, in four processes over a server of this file's own: one runs the evaluation of a parser, three work at it. One of those is
// frozen past its lease, and the server is restarted.
const root = fileURLToPath(new URL("../../../", import.meta.url));
const BIN = join(root, "packages/cli/dist/bin.js");
const HANDLER = join(root, "examples/evaluate/src/tasks.ts");
const GENERATE = join(root, "examples/evaluate/generate.ts");
const LEASE_MS = 6_000;
const CASES = 731;

let server: OwnServer;
const children: ChildProcess[] = [];
beforeAll(async () => {
  server = await ownServer("evaluate");
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await server.end();
});

function start(argv: readonly string[]): { readonly child: ChildProcess; readonly said: () => string } {
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  return { child, said: () => said };
}

it("every case of examples/evaluate has one outcome, though a worker is frozen and the server restarted in between", async () => {
  const folder = await temporaryFolder("rabbitmq-evaluate");
  const [input, output, config] = ["input.jsonl", "output.jsonl", "config.json"].map((name) => join(folder, name)) as [string, string, string]; // biome-ignore format: one line
  const generated = start([GENERATE, "--folder", "fail", "--slow-ms", "200"]);
  await once(generated.child, "close");
  await writeFile(input, generated.said());
  // As the Python dispatcher has it.
  const connection = { host: server.host, port: server.port, virtual_host: "/", username: "guest", password: "guest", ssl: false }; // biome-ignore format: one line
  const python = { backend: "rabbitmq", connection, queue_name: newNamespace(), durable: true, prefetch_count: 50 };
  await writeFile(config, JSON.stringify({ ...python, lease_seconds: LEASE_MS / 1_000 }));
  const common = ["--config", config, "--create", "--handler", HANDLER, "--log", "json"];
  const workers = Array.from({ length: 3 }, () => start([BIN, "worker", ...common, "--concurrency", "4"]));
  const run = start([BIN, "run", "--no-worker", ...common, "--input", input, "--output", output]);
  const lines = async () => (await readFile(output, "utf8").catch(() => "")).split("\n").filter((text) => text !== "");
  const more = async (count: number) => {
    const least = (await lines()).length + count;
    await vi.waitFor(async () => expect((await lines()).length, run.said()).toBeGreaterThan(least), 90_000);
  };
  await vi.waitFor(() => {
    for (const { said } of workers) expect(said()).toContain("worker_started");
  }, 60_000);
  await more(20);
  const [frozen] = workers;
  frozen?.child.kill("SIGSTOP");
  await sleep(LEASE_MS * 1.5);
  await more(5);
  frozen?.child.kill("SIGCONT");
  await server.restart();
  const [code] = await once(run.child, "close");
  expect(code, run.said()).toBe(0);

  const results = (await lines()).map((text) => JSON.parse(text) as ResultEntry);
  expect(results.map(({ index }) => index).sort((one, other) => one - other)).toEqual([...Array(CASES).keys()]);
  expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(["completed"]));
  // It had something in hand: else this shows nothing.
  expect(results.some(({ lost }) => lost > 0)).toBe(true);
  for (const { child, said } of workers) {
    child.kill("SIGTERM");
    expect((await once(child, "close"))[0], said()).toBe(0);
  }
}, 300_000);
