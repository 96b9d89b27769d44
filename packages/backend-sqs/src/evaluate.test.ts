import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ResultEntry } from "@org/dispatch-core/contract";
import { afterAll, expect, inject, it, onTestFinished, vi } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { newNamespace } from "./testing/opened.ts";

// The command, as it is built, in three processes over a real server: one runs the evaluation of a parser, two work at it, and one of those is killed.
const root = fileURLToPath(new URL("../../../", import.meta.url));
const BIN = join(root, "packages/cli/dist/bin.js");
const HANDLER = join(root, "examples/evaluate/src/tasks.ts");
const GENERATE = join(root, "examples/evaluate/generate.ts");
const LEASE_MS = 5_000;
const CASES = 731;

const { sqs: line } = inject("services");
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

function start(argv: readonly string[]): { readonly child: ChildProcess; readonly said: () => string } {
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, said: () => said };
}

it.skipIf(line === undefined)(
  "every case of examples/evaluate has one outcome, though a worker is killed in between",
  async () => {
    const folder = await temporaryFolder("sqs-evaluate");
    const [input, output, config] = ["input.jsonl", "output.jsonl", "config.json"].map((name) => join(folder, name)) as [string, string, string]; // biome-ignore format: one line
    const generated = start([GENERATE, "--folder", "fail", "--slow-ms", "100"]);
    await once(generated.child, "close");
    await writeFile(input, generated.said());
    await writeFile(config, JSON.stringify({ long_polling_seconds: 1 }));
    const common = ["--backend", line?.url ?? "", "--namespace", newNamespace(), "--config", config, "--create", "--lease", `${LEASE_MS}`, "--handler", HANDLER]; // biome-ignore format: one line
    const work = () => start([BIN, "worker", ...common, "--concurrency", "4", "--log", "json"]);
    const killed = work();
    const run = start([BIN, "run", "--no-worker", ...common, "--input", input, "--output", output, "--log", "json"]);
    const lines = async () =>
      (await readFile(output, "utf8").catch(() => "")).split("\n").filter((text) => text !== "");
    const more = async (count: number) => {
      const least = (await lines()).length + count;
      await vi.waitFor(async () => expect((await lines()).length, run.said()).toBeGreaterThan(least), 60_000);
    };
    await more(20);
    const other = work();
    await vi.waitFor(() => expect(other.said()).toContain("worker_started"), 60_000);
    await more(20);
    killed.child.kill("SIGKILL");
    const [code] = await once(run.child, "close");
    expect(code, run.said()).toBe(0);

    const results = (await lines()).map((text) => JSON.parse(text) as ResultEntry);
    expect(results.map(({ index }) => index).sort((one, another) => one - another)).toEqual([...Array(CASES).keys()]);
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(["completed"]));
    // It had something in hand: else this shows nothing.
    expect(results.some(({ lost }) => lost > 0)).toBe(true);
    other.child.kill("SIGTERM");
    expect((await once(other.child, "close"))[0], other.said()).toBe(0);
  },
  150_000,
);
