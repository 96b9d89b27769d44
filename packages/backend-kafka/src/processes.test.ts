import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Result } from "@org/dispatch-core/contract";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { newNamespace } from "./testing/opened.ts";
import { removeTopics } from "./testing/swept.ts";

const tree = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const COMMAND = tree("packages/cli/dist/bin.js");
const HANDLER = tree("examples/evaluate/src/tasks.ts");
const GENERATE = tree("examples/evaluate/generate.ts");

// The job of `npm start`, as somebody would run it on several machines: the command, its workers, and a broker between them.
const { kafka: line } = inject("services");

describe.skipIf(line === undefined)("the command on Kafka", () => {
  const url = line?.url ?? "";
  const children: ChildProcess[] = [];
  const namespace = newNamespace();
  let folder = "";

  afterEach(async () => {
    for (const child of children.splice(0))
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await removeTopics(url, namespace);
    await rm(folder, { recursive: true, force: true });
  });

  const start = (program: string, ...argv: readonly string[]) => {
    const child = spawn(process.execPath, [program, ...argv], {
      cwd: tree("packages/backend-kafka"),
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    let err = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    return { child, err: () => err };
  };

  it("finishes a run with three workers, one of which is killed and another joins: each case has its one outcome", async () => {
    folder = await mkdtemp(join(tmpdir(), "dispatch-evaluate-"));
    const input = join(folder, "input.jsonl");
    const output = join(folder, "output.jsonl");
    const config = join(folder, "config.json");
    await writeFile(config, JSON.stringify({ backend: "kafka", bootstrap_servers: url.replace("kafka://", ""), session_timeout_ms: 3_000, namespace })); // biome-ignore format: one line
    await writeFile(input, await textOf(GENERATE, "--kind", "parse", "--slow-ms", "20"));
    const inputs = (await readFile(input, "utf8")).trimEnd().split("\n");
    const common = ["--handler", HANDLER, "--config", config, "--lease", "10000", "--create"];
    const run = start(
      COMMAND,
      "run",
      ...common,
      "--task",
      "parse",
      "--input",
      input,
      "--output",
      output,
      "--no-worker",
      "--log",
      "json",
    );
    const worker = () => start(COMMAND, "worker", ...common, "--concurrency", "4");
    const workers = [worker(), worker(), worker()];
    const results = async () => (await readFile(output, "utf8").catch(() => "")).split("\n").length - 1;
    const reached = (count: number) =>
      vi.waitFor(async () => expect(await results()).toBeGreaterThan(count), { timeout: 120_000, interval: 100 });
    await reached(inputs.length / 10);
    workers[0]?.child.kill("SIGKILL");
    workers.push(worker());
    const [code] = (await once(run.child, "close")) as [number | null];
    expect([code, run.err()]).toEqual([0, expect.stringContaining("run_finished")]);
    const all = (await readFile(output, "utf8"))
      .trimEnd()
      .split("\n")
      .map((text) => JSON.parse(text) as Result);
    expect(all.map(({ index }) => index).sort((one, other) => one - other)).toEqual(inputs.map((_, index) => index));
    expect(new Set(all.map(({ outcome }) => outcome))).toEqual(new Set(["completed"]));
    for (const { child } of workers.slice(1)) {
      child.kill("SIGTERM");
      expect(await once(child, "exit")).toEqual([0, null]);
    }
    // kafkajs by itself would have Node warn of its timers, on standard error.
    for (const { err } of [run, ...workers]) expect(err()).not.toContain("Warning");
  }, 240_000);

  async function textOf(program: string, ...argv: readonly string[]): Promise<string> {
    const { child } = start(program, ...argv);
    let text = "";
    for await (const part of child.stdout ?? []) text += String(part);
    return text;
  }
});
