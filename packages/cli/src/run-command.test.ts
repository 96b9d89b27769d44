import { execFileSync } from "node:child_process";
import { link, open, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { defineTask, systemClock, Worker } from "@org/dispatch-core";
import type { Result } from "@org/dispatch-core/contract";
import { memory } from "@org/dispatch-core/memory";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { type CapturedSurroundings, type CaptureOptions, capturedSurroundings } from "./captured-surroundings.ts";
import { main } from "./main.ts";
import { runOn } from "./run-command.ts";
import { wrappedBackend } from "./wrapped-backend.ts";

const HANDLERS = {
  "double.mjs": "export default async (n) => n * 2;",
  "context.mjs": `export default async (payload, context) => ({
    id: context.id, attempt: context.attempt, headers: context.headers, payload });`,
  "first.mjs": "export default async () => 1;",
  "picky.mjs": `export default async (n) => {
    if (n % 2 === 1) throw Object.assign(new Error("odd"), { code: "ODD" });
    if (n === 4) return undefined;
    return n; };`,
  // Blocks until the test opens the gate that it named; the first line in the gate's file is who began.
  "gated.mjs": `export default async (n, { signal }) => {
    const gate = globalThis.dispatchTestGate;
    gate.began(n);
    await Promise.race([gate.opened, new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))]);
    return n; };`,
  "two.mjs": `export const one = { name: "one", handler: async () => 1, timeoutMs: undefined, maxAttempts: undefined };
    export const two = { name: "two", handler: async () => 2, timeoutMs: undefined, maxAttempts: undefined };`,
};

/** Runs `dispatch run` in a folder that has the handlers above. */
async function surroundings(options: CaptureOptions = {}): Promise<CapturedSurroundings> {
  const cwd = await temporaryFolder("dispatch-run");
  for (const [name, text] of Object.entries(HANDLERS)) await writeFile(join(cwd, name), text);
  return capturedSurroundings({ cwd, clock: systemClock(), ...options });
}

const run = (handler: string, ...more: string[]) => ["run", "--handler", handler, "--input", "-", ...more];

function resultsOf(text: string): Result[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Result);
}

const lines = (count: number) => Array.from({ length: count }, (_, n) => `${n}\n`).join("");

test("each line has its one result on standard output, the summary is for people on standard error", async () => {
  const around = await surroundings({ stdin: lines(500) });
  expect(await main(run("double.mjs"), around)).toBe(0);
  const results = resultsOf(around.outText());
  expect(results).toHaveLength(500);
  for (const result of results) {
    expect(Object.keys(result)).toEqual(["index", "id", "outcome", "value", "attempts", "lost", "durationMs"]);
    expect(result).toMatchObject({ outcome: "completed", value: result.index * 2, attempts: 1, lost: 0 });
    expect(result.id).toMatch(new RegExp(`^[A-Za-z0-9_-]+/${result.index}$`));
  }
  expect(new Set(results.map((result) => result.index)).size).toBe(500);
  expect(around.errText()).toMatch(/^500 tasks in .*: completed 500, dead 0, expired 0, cancelled 0\n$/);
});

test("ordered results, from a file to a file", async () => {
  const around = await surroundings();
  await writeFile(join(around.cwd, "in.json"), JSON.stringify(Array.from({ length: 300 }, (_, n) => n)));
  const argv = ["run", "--handler", "double.mjs", "--input", "in.json", "--output", "out.jsonl", "--ordered"];
  expect(await main([...argv, "--concurrency", "7", "--max-in-flight", "20"], around)).toBe(0);
  const results = resultsOf(await readFile(join(around.cwd, "out.jsonl"), "utf8"));
  expect(results.map((result) => result.index)).toEqual(Array.from({ length: 300 }, (_, n) => n));
  expect(around.outText()).toBe("");
});

test.skipIf(process.platform === "win32")("from one FIFO to another, whose other ends come later", async () => {
  const around = await surroundings();
  const [input, output] = [join(around.cwd, "input"), join(around.cwd, "output")];
  execFileSync("mkfifo", [input, output]);
  const ended = main(["run", "--handler", "double.mjs", "--input", "input", "--output", "output"], around);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const reading = readFile(output, "utf8");
  await writeFile(input, lines(5_000));
  expect(await ended).toBe(0);
  const results = resultsOf(await reading);
  expect(new Set(results.map((result) => result.index)).size).toBe(5_000);
});

test.each(["by another name", "as standard input"])("an output that is the input %s is refused", async (how) => {
  const { cwd } = await surroundings();
  await writeFile(join(cwd, "in.jsonl"), "1\n");
  await link(join(cwd, "in.jsonl"), join(cwd, "other.jsonl"));
  const handle = await open(join(cwd, "in.jsonl"));
  const stdin = Object.assign(handle.createReadStream(), { fd: handle.fd });
  const around = capturedSurroundings({ cwd, clock: systemClock(), stdin });
  const input = how === "by another name" ? "in.jsonl" : "-";
  const argv = ["run", "--handler", "double.mjs", "--input", input, "--output", "other.jsonl", "--force"];
  expect(await main(argv, around)).toBe(2);
  expect(around.errText()).toBe("dispatch: CONFIG_INVALID: the output file other.jsonl is the input file\n");
  expect(await readFile(join(cwd, "in.jsonl"), "utf8")).toBe("1\n");
  stdin.destroy();
});

test("what fails is dead with code and message; the others complete; exit 1 without an error line", async () => {
  const around = await surroundings({ stdin: "0\n1\nnot json\n2\n4\n" });
  expect(await main(run("picky.mjs", "--ordered", "--max-attempts", "1"), around)).toBe(1);
  const results = resultsOf(around.outText());
  expect(results.map((result) => result.outcome)).toEqual(["completed", "dead", "dead", "completed", "completed"]);
  expect(results[1]).toEqual({
    index: 1,
    id: expect.any(String),
    outcome: "dead",
    error: { code: "ATTEMPTS_EXHAUSTED", message: "odd" },
    attempts: 1,
    lost: 0,
    durationMs: expect.any(Number),
  });
  expect(results[2]?.error).toEqual({ code: "INPUT_INVALID", message: expect.stringMatching(/^line 3: /) });
  expect(results[4]).toMatchObject({ value: null });
  expect(around.errText()).toContain("not completed: ");
  expect(around.errText()).not.toContain("dispatch: ");
});

test("envelopes bring their own id and headers; the user's id is the result's ref", async () => {
  const around = await surroundings({
    stdin: '{"payload":"a","id":"mine","headers":{"trace":"t1"},"priority":9}\n{"payload":"b"}\n{"pay":1}\n',
  });
  expect(await main(run("context.mjs", "--envelope", "--ordered"), around)).toBe(1);
  const [first, second, third] = resultsOf(around.outText());
  expect(first).toMatchObject({
    ref: "mine",
    value: { attempt: 1, headers: { trace: "t1" }, payload: "a", id: first?.id },
  });
  expect(second).not.toHaveProperty("ref");
  expect(third?.error).toEqual({ code: "INPUT_INVALID", message: "line 3: the envelope has no payload" });
});

const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

test.each([
  ["lines", [], ["", "1", nested(64), nested(65), nested(60_000), "nul"].join("\n"), [4, 5, 6]],
  ["an array", [], `[1,\n${[nested(64), nested(65), nested(60_000), "nul"].join(",\n\n")}\n]`, [4, 6, 8]],
  [
    "envelopes",
    ["--envelope"],
    ["1", nested(64), nested(65), nested(60_000), "nul"].map((text) => `{"payload":${text}}`).join("\n\n"),
    [5, 7, 9],
  ],
])("an input that is refused for what it is says its line: %s", async (_, more, stdin, at) => {
  const around = await surroundings({ stdin });
  expect(await main(run("first.mjs", "--ordered", ...more), around)).toBe(1);
  const results = resultsOf(around.outText());
  expect(results.map((result) => result.outcome)).toEqual(["completed", "completed", "dead", "dead", "dead"]);
  for (const [n, line] of at.entries()) {
    const { code, message } = results[n + 2]?.error ?? {};
    expect([code, message]).toEqual(["INPUT_INVALID", expect.stringMatching(new RegExp(`^line ${line}: (?!line)`))]);
  }
});

test("an input that is too large for the broker says its line", async () => {
  const around = await surroundings({ stdin: `1\n\n"${"x".repeat(2_000_000)}"\n` });
  const argv = run("first.mjs", "--ordered", "--backend", "memory:redis");
  expect(await main(argv, around)).toBe(1);
  expect(resultsOf(around.outText())[1]?.error).toEqual({
    code: "TOO_LARGE",
    message: expect.stringMatching(/^line 3: /),
  });
});

test("no input at all is a run of nothing", async () => {
  const around = await surroundings();
  expect(await main(run("double.mjs"), around)).toBe(0);
  expect(around.outText()).toBe("");
  expect(around.errText()).toMatch(/^0 tasks in /);
});

test("a file of several tasks: --task picks one", async () => {
  for (const [name, value] of [
    ["one", 1],
    ["two", 2],
  ] as const) {
    const around = await surroundings({ stdin: "0\n" });
    expect(await main(run("two.mjs", "--task", name), around)).toBe(0);
    expect(resultsOf(around.outText())[0]?.value).toBe(value);
  }
  const around = await surroundings({ stdin: "0\n" });
  expect(await main(run("two.mjs"), around)).toBe(2);
  expect(around.errText()).toContain("choose one with --task");
});

test("--log json: events as JSON lines, run_finished with the whole summary, and nothing else", async () => {
  const around = await surroundings({ stdin: lines(3) });
  expect(await main(run("double.mjs", "--log", "json"), around)).toBe(0);
  const events = around
    .errText()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const names = events.map((event) => event.event);
  expect(names.filter((name) => name === "queue_dispatched")).toHaveLength(3);
  expect(names.filter((name) => name === "queue_completed")).toHaveLength(3);
  const finished = events.filter((event) => event.event === "run_finished");
  expect(finished).toHaveLength(1);
  expect(finished[0]).toMatchObject({ total: 3, completed: 3, dead: 0, expired: 0, cancelled: 0 });
  expect(names.slice(names.lastIndexOf("queue_completed"))).toEqual([
    "queue_completed",
    "worker_stopped",
    "run_finished",
  ]);
  for (const key of ["durationMs", "tasksPerSecond", "retried", "lost", "fenced", "duplicates", "resent", "orphans"])
    expect(finished[0]).toHaveProperty(key, expect.any(Number));
});

test("--log off: nothing on standard error", async () => {
  const around = await surroundings({ stdin: lines(3) });
  expect(await main(run("double.mjs", "--log", "off"), around)).toBe(0);
  expect(around.errText()).toBe("");
});

function deferred() {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** A gate that handlers of `gated.mjs` wait at. */
function gate() {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const begun: number[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const shared = {
    opened,
    began(n: number) {
      begun.push(n);
      for (const each of waiting) if (begun.length >= each.count) each.resolve();
    },
  };
  Object.assign(globalThis, { dispatchTestGate: shared });
  return {
    open,
    begun,
    beganCount: (count: number) => new Promise<void>((resolve) => void waiting.push({ count, resolve })),
  };
}

test("a global timeout: partial results, the rest expired, one error line, exit 1", async () => {
  gate();
  const around = await surroundings({ stdin: lines(5) });
  expect(await main(run("gated.mjs", "--global-timeout", "200", "--concurrency", "2"), around)).toBe(1);
  const results = resultsOf(around.outText());
  expect(results).toHaveLength(5);
  expect(new Set(results.map((result) => result.outcome))).toEqual(new Set(["expired"]));
  expect(around.errText()).toMatch(/\ndispatch: TIMED_OUT: [^\n]+\n$/);
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s: what runs completes, the rest is cancelled, each has its result",
  async (signal) => {
    const held = gate();
    const stdin = new PassThrough();
    stdin.write(lines(10));
    const around = await surroundings({ stdin });
    const began = held.beganCount(2);
    const ended = main(run("gated.mjs", "--concurrency", "2"), around);
    await began;
    around.raise(signal);
    await new Promise((resolve) => setImmediate(resolve));
    held.open();
    expect(await ended).toBe(1);
    const results = resultsOf(around.outText());
    expect(results.map((result) => result.index).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const completed = results.filter((result) => result.outcome === "completed");
    expect(completed.map((result) => result.index).sort()).toEqual(held.begun.sort());
    expect(held.begun).toHaveLength(2);
    for (const result of results)
      if (result.outcome !== "completed")
        expect(result).toMatchObject({ outcome: "cancelled", error: { code: "CANCELLED" } });
    expect(around.errText()).toContain(`stopped by ${signal}: 8 left undone, the input was not read to its end`);
    expect(around.exits).toEqual([]);
  },
);

test("a signal when all that is left is running, and the input has ended: exit 0", async () => {
  const held = gate();
  const around = await surroundings({ stdin: lines(2) });
  const began = held.beganCount(2);
  const ended = main(run("gated.mjs", "--concurrency", "2"), around);
  await began;
  around.raise("SIGTERM");
  await new Promise((resolve) => setImmediate(resolve));
  held.open();
  expect(await ended).toBe(0);
  expect(around.errText()).toContain("stopped by SIGTERM: no task left undone, the input was read to its end");
});

test("a second signal exits at once", async () => {
  const held = gate();
  const around = await surroundings({ stdin: lines(2) });
  const began = held.beganCount(2);
  const ended = main(run("gated.mjs", "--concurrency", "2"), around);
  await began;
  around.raise("SIGINT");
  around.raise("SIGINT");
  expect(around.exits).toEqual([130]);
  held.open();
  await ended;
});

test("a reader that goes away ends the run with one line, exit 1", async () => {
  const around = await surroundings({ stdin: lines(2_000) });
  const broken = new PassThrough();
  broken.on("error", () => {});
  broken.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
  expect(await main(run("double.mjs"), { ...around, stdout: broken })).toBe(1);
  expect(around.errText()).toMatch(/dispatch: CLOSED: cannot write to standard output: [^\n]+\n$/);
});

test("an input that breaks off: what was read has its results, exit 1 with the reason", async () => {
  const stdin = new Readable({ read() {} });
  stdin.push("1\n2\n");
  const around = await surroundings({ stdin });
  const held = gate();
  held.open();
  const began = held.beganCount(2);
  const ended = main(run("gated.mjs"), around);
  await began;
  stdin.destroy(new Error("EIO: i/o error"));
  expect(await ended).toBe(1);
  expect(resultsOf(around.outText())).toHaveLength(2);
  expect(around.errText()).toMatch(/\ndispatch: INPUT_INVALID: reading - failed: EIO: i\/o error\n$/);
});

const OPTIONS = {
  backend: "memory",
  log: "text",
  create: true,
  force: false,
  envelope: false,
  ordered: false,
} as const;

test("a broker that refuses leaves no output file behind, and one that was there as it is", async () => {
  const around = await surroundings({ stdin: lines(1) });
  const backend = wrappedBackend(memory(), {
    open: () => Promise.reject(new Error("no rights")),
    classify: () => ({ code: "DENIED" }),
  });
  const options = { ...OPTIONS, handler: "double.mjs", input: "-", output: "out.jsonl", worker: true };
  await expect(runOn(backend, options, around)).rejects.toMatchObject({ code: "DENIED" });
  expect(await readdir(around.cwd)).not.toContain("out.jsonl");
  await writeFile(join(around.cwd, "out.jsonl"), "old\n");
  await expect(runOn(backend, { ...options, force: true }, around)).rejects.toMatchObject({ code: "DENIED" });
  expect(await readFile(join(around.cwd, "out.jsonl"), "utf8")).toBe("old\n");
});

test("a signal while the broker does not answer ends the start at once", async () => {
  const around = await surroundings({ stdin: lines(1) });
  const asked = deferred();
  const backend = wrappedBackend(memory(), {
    open: () => {
      asked.resolve();
      return new Promise(() => {});
    },
  });
  const options = { ...OPTIONS, handler: "double.mjs", input: "-", output: "-", worker: true };
  const ended = runOn(backend, options, around);
  await asked.promise;
  around.raise("SIGTERM");
  await expect(ended).rejects.toMatchObject({ code: "SHUTTING_DOWN", message: "stopped by SIGTERM before it began" });
});

test("--no-worker: workers elsewhere do the work", async () => {
  const around = await surroundings({ stdin: lines(20) });
  const backend = memory();
  const task = defineTask({ name: "plus", handler: async (n: number) => n + 1 });
  const worker = await Worker.start(backend, task);
  const options = { ...OPTIONS, input: "-", output: "-", worker: false, task: "plus" };
  expect(await runOn(backend, options, around)).toBe(0);
  expect(resultsOf(around.outText()).map((result) => Number(result.value) - result.index)).toEqual(
    new Array(20).fill(1),
  );
  await worker.stop();
  await backend.close();
});

test("--no-worker: a signal waits for what a worker has in hand, and for nothing where nobody has anything", async () => {
  const around = await surroundings({ stdin: lines(3) });
  const backend = memory();
  const options = { ...OPTIONS, input: "-", output: "-", worker: false, task: "hold" };
  const ended = runOn(backend, options, around);
  const [begun, free] = [deferred(), deferred()];
  const handler = async (): Promise<void> => {
    begun.resolve();
    await free.promise;
  };
  const worker = await Worker.start(backend, defineTask({ name: "hold", handler }), { concurrency: 1, leaseMs: 1_000 });
  await begun.promise;
  around.raise("SIGTERM");
  // For longer than a run waits that nobody works for.
  setTimeout(free.resolve, 2_000);
  expect(await ended).toBe(0);
  await worker.stop();

  const alone = await surroundings({ stdin: lines(3) });
  const asked = performance.now();
  const cancelled = runOn(backend, { ...options, queue: "nobodys" }, alone);
  setTimeout(() => alone.raise("SIGTERM"), 100);
  expect(await cancelled).toBe(1);
  expect(performance.now() - asked).toBeLessThan(10_000);
  expect(resultsOf(alone.outText()).map(({ outcome }) => outcome)).toEqual(["cancelled", "cancelled", "cancelled"]);
  await backend.close();
});
