import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, open, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Result } from "@org/dispatch-core/contract";
import { afterEach, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";

// These run the command as it is built, as a process of its own: signals, pipes and memory are real.
const BIN = fileURLToPath(new URL("../dist/bin.js", import.meta.url));
const DEV = fileURLToPath(new URL("../../../dev", import.meta.url));

const HANDLERS = {
  "double.mjs": "export default async (payload) => payload * 2;",
  "first.mjs": "export default async ({ n }) => n;",
  "typed file #1.ts": "export default async (payload: number): Promise<number> => payload * 2;",
  "none.mjs": "export const limit = 3;",
  "throws.mjs": "throw new Error('no database');",
  "broken.mjs": "export default (",
  "slow.mjs": `export default async (n) => {
    process.stderr.write("began\\n");
    await new Promise((resolve) => setTimeout(resolve, 300));
    return n; };`,
  "late.mjs": `setTimeout(() => process.stderr.write("loaded\\n"), 500);
    export default async (n) => n;`,
  "stuck.mjs": `export default async () => {
    process.stderr.write("began\\n");
    await new Promise(() => {}); };`,
  "noisy.mjs": `setInterval(() => {}, 1_000);
    console.log("at the start");
    export default async (n) => { console.log("for", n); Promise.reject(new Error("let\\ngo")); return n; };`,
  "crashing.mjs": `export default async (n) => {
    if (n === "bad") { setImmediate(() => { throw new Error("out\\nside"); }); await new Promise(() => {}); }
    return n; };`,
  "drain.json": '{ "drainMs": 100 }',
  "exiting.mjs": `export default async (n) => {
    if (n === "exit") setTimeout(() => process.exit(0), 50);
    if (n === "exit" || n === "wait") await new Promise(() => {});
    return n; };`,
  // Holds up what writes to files, which is done by the same threads.
  "busy.mjs": `import { pbkdf2 } from "node:crypto";
    export default async (n) => {
      if (n === "busy") for (let each = 0; each < 4; each += 1) pbkdf2("", "", 500_000, 64, "sha512", () => {});
      else await new Promise((resolve) => setTimeout(resolve, 200));
      if (n !== "stop") return n;
      setTimeout(() => ["SIGTERM", "SIGINT"].forEach((signal) => process.kill(process.pid, signal)), 200);
      await new Promise(() => {}); };`,
  "exits.mjs": "process.exit(0);",
  "endless.mjs": "await new Promise(() => {}); export default async () => 1;",
  "writing.mjs": `import { stdout } from "node:process";
    process.stdout.write("loaded ");
    export default async (n) => { process.stdout.write("half"); stdout.write("other"); return n; };`,
  "hanging.mjs": `export default async (n) => { if (n === "hang") await new Promise(() => {}); return n; };`,
};

let cwd = "";
const children: ChildProcessWithoutNullStreams[] = [];

beforeAll(async () => {
  cwd = await temporaryFolder("dispatch-bin");
  for (const [name, text] of Object.entries(HANDLERS)) await writeFile(join(cwd, name), text);
});

afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill("SIGKILL");
});

/** Starts a program with arguments; its output is kept. */
function start(program: string, argv: readonly string[]) {
  const child = spawn(program, argv, { cwd, stdio: "pipe" });
  children.push(child);
  let out = "";
  let err = "";
  const watchers: { readonly text: string; readonly times: number; readonly resolve: () => void }[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
    for (const each of watchers) if (err.split(each.text).length > each.times) each.resolve();
  });
  child.stdin.on("error", () => {});
  return {
    child,
    out: () => out,
    err: () => err,
    /** Resolves when standard error has held the text so often. */
    says: (text: string, times = 1) => new Promise<void>((resolve) => void watchers.push({ text, times, resolve })),
    async ended(): Promise<number | null> {
      const [code] = (await once(child, "close")) as [number | null];
      return code;
    },
  };
}

const dispatch = (...argv: string[]) => start(process.execPath, [BIN, ...argv]);
const run = (handler: string, ...more: string[]) => dispatch("run", "--handler", handler, "--input", "-", ...more);

function resultsOf(text: string): Result[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Result);
}

test("results on standard output, exit 0; TypeScript, and a name that a URL would cut", async () => {
  for (const handler of ["double.mjs", "typed file #1.ts"]) {
    const process = run(handler, "--ordered");
    process.child.stdin.end("1\n2\n3");
    expect(await process.ended()).toBe(0);
    expect(resultsOf(process.out()).map((result) => result.value)).toEqual([2, 4, 6]);
  }
});

test.each([
  [
    "a missing handler file",
    ["run", "--handler", "nowhere.mjs", "--input", "-"],
    "the handler file nowhere.mjs does not exist",
  ],
  [
    "a handler without a task",
    ["run", "--handler", "none.mjs", "--input", "-"],
    "the handler file none.mjs has no task",
  ],
  ["a handler that throws", ["run", "--handler", "throws.mjs", "--input", "-"], "cannot be loaded: no database"],
  ["a handler that is broken", ["run", "--handler", "broken.mjs", "--input", "-"], "cannot be loaded: "],
  [
    "a missing input",
    ["run", "--handler", "double.mjs", "--input", "nowhere"],
    "the input file nowhere cannot be opened",
  ],
  ["a wrong option", ["run", "--handler", "double.mjs", "--input", "-", "--fast"], "unknown option '--fast'"],
  ["a worker on memory", ["worker", "--handler", "double.mjs"], "reach: process"],
])("%s: one line, exit 2", async (_, argv, message) => {
  const process = dispatch(...argv);
  process.child.stdin.end();
  expect(await process.ended()).toBe(2);
  expect(process.err()).toMatch(/^dispatch: (CONFIG_INVALID|UNSUPPORTED): [^\n]+\n$/);
  expect(process.err()).toContain(message);
  expect(process.out()).toBe("");
});

test("a Node that is too old: one line, exit 2, and nothing else is loaded", async () => {
  // A Node of that age has not all that core imports: whoever asks for core ends there, with a stack.
  const old = join(cwd, "old.mjs");
  await writeFile(
    old,
    `import { registerHooks } from "node:module";
    Object.defineProperty(process.versions, "node", { value: "20.11.0" });
    registerHooks({ resolve: (name, context, next) => {
      if (name.startsWith("@org/")) throw new SyntaxError("zstd is missing");
      return next(name, context);
    } });`,
  );
  const process = start(globalThis.process.execPath, ["--import", old, BIN, "worker", "--handler", "double.mjs"]);
  process.child.stdin.end();
  expect(await process.ended()).toBe(2);
  expect(process.err()).toBe("dispatch: CONFIG_INVALID: needs Node 22.19 or later, this is 20.11.0\n");
  expect(process.out()).toBe("");
});

test("a backend that is not installed: one line with the package, exit 2", async () => {
  // As it is where nobody has installed an adapter: the command and what it needs, and nothing else.
  const home = await temporaryFolder("dispatch-alone");
  const modules = fileURLToPath(new URL("../node_modules/", import.meta.url));
  await cp(fileURLToPath(new URL("../dist", import.meta.url)), join(home, "dist"), { recursive: true });
  await cp(fileURLToPath(new URL("../package.json", import.meta.url)), join(home, "package.json"));
  await mkdir(join(home, "node_modules", "@org"), { recursive: true });
  for (const name of ["@org/dispatch-core", "cli-progress", "commander", "smol-toml", "yaml"])
    await symlink(await realpath(join(modules, name)), join(home, "node_modules", name));
  const process = start(globalThis.process.execPath, [
    join(home, "dist", "bin.js"),
    "worker",
    "--handler",
    "double.mjs",
    "--backend",
    "kafka",
  ]);
  process.child.stdin.end();
  expect(await process.ended()).toBe(2);
  expect(process.err()).toMatch(
    /^dispatch: CONFIG_INVALID: the package @org\/dispatch-backend-kafka is not installed[^\n]+\n$/,
  );
});

test("SIGTERM to `./dev dispatch run` drains: what runs completes, the rest is cancelled, each input has its result", async () => {
  const process = start(DEV, ["dispatch", "run", "--handler", "slow.mjs", "--input", "-", "--concurrency", "3"]);
  const began = process.says("began", 3);
  process.child.stdin.write("0\n1\n2\n3\n4\n5\n6\n7\n");
  await began;
  process.child.kill("SIGTERM");
  expect(await process.ended()).toBe(1);
  const results = resultsOf(process.out());
  expect(results.map((result) => result.index).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  const completed = results.filter((result) => result.outcome === "completed");
  expect(completed).toHaveLength(process.err().split("began").length - 1);
  expect(completed.length).toBeGreaterThanOrEqual(3);
  expect(results.filter((result) => result.outcome === "cancelled")).toHaveLength(8 - completed.length);
  expect(process.err()).toMatch(/stopped by SIGTERM: \d left undone, the input was not read to its end\n$/);
}, 120_000);

test.skipIf(process.platform === "win32").each([
  ["waits for a writer", ["--input", "fifo"], undefined, 1],
  ["waits for a reader", ["--input", "-", "--output", "fifo"], undefined, 1],
  ["reads what nobody writes", ["--input", "fifo"], "r+", 1],
  ["writes what nobody reads", ["--input", "big", "--output", "fifo"], "r+", 143],
])("signals end a run that %s", async (_, more, otherEnd, code) => {
  await rm(join(cwd, "fifo"), { force: true });
  execFileSync("mkfifo", [join(cwd, "fifo")]);
  await writeFile(join(cwd, "big"), "1\n".repeat(20_000));
  const other = otherEnd === undefined ? undefined : await open(join(cwd, "fifo"), otherEnd);
  const process = dispatch("run", "--handler", "late.mjs", ...more);
  await process.says("loaded");
  process.child.kill("SIGTERM");
  if (code > 1) setTimeout(() => process.child.kill("SIGTERM"), 500);
  expect(await process.ended()).toBe(code);
  await other?.close();
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("a second %s ends at once with %d", async (signal, code) => {
  const process = run("stuck.mjs");
  const began = process.says("began");
  const asked = process.says("a second signal ends at once");
  process.child.stdin.end("1\n2\n");
  await began;
  process.child.kill(signal);
  await asked;
  process.child.kill(signal);
  expect(await process.ended()).toBe(code);
});

test("a second signal saves what has come back, and a file has not taken yet", async () => {
  const process = run("busy.mjs", "--concurrency", "50", "--output", "saved.jsonl");
  process.child.stdin.write('"busy"\n"stop"\n');
  for (let n = 0; n < 20; n += 1) process.child.stdin.write(`${n}\n`);
  expect(await process.ended()).toBeGreaterThanOrEqual(130);
  const values = resultsOf(await readFile(join(cwd, "saved.jsonl"), "utf8")).map((result) => result.value);
  expect(values).toEqual(["busy", ...Array.from({ length: 20 }, (_, n) => n)]);
}, 30_000);

test("a reader that goes away ends the run with one line, exit 1", async () => {
  const process = run("double.mjs", "--max-in-flight", "100");
  process.child.stdout.once("data", () => process.child.stdout.destroy());
  process.child.stdin.write("1\n".repeat(100_000));
  expect(await process.ended()).toBe(1);
  expect(process.err()).toMatch(/\ndispatch: CLOSED: cannot write to standard output: write EPIPE\n$/);
});

test("a reader that goes away from what is only told ends nothing: no line, exit 0", async () => {
  const process = dispatch("run", "--help");
  process.child.stdout.destroy();
  expect(await process.ended()).toBe(0);
  expect(process.err()).toBe("");
});

test.skipIf(process.platform !== "linux")(
  "what could not be written for want of room is one line, exit 1",
  async () => {
    const ended = start("sh", ["-c", `"${process.execPath}" "${BIN}" run --help > /dev/full`]);
    expect(await ended.ended()).toBe(1);
    expect(ended.err()).toMatch(/^dispatch: CLOSED: cannot write to standard output: .*ENOSPC.*\n$/);
  },
);

test("a handler's console is on standard error, and what it leaves open holds nobody up", async () => {
  const process = run("noisy.mjs");
  process.child.stdin.end("1\n");
  expect(await process.ended()).toBe(0);
  expect(resultsOf(process.out())).toMatchObject([{ outcome: "completed", value: 1 }]);
  expect(process.err()).toContain("at the start\n");
  expect(process.err()).toContain("for 1\n");
  expect(process.err()).toContain("warn a promise was rejected and nobody waited for it: let go\n");
});

test.each([
  ["to standard output", []],
  ["to a file", ["--output", "results.jsonl", "--force"]],
])("a handler that ends the process: results so far %s, one line, exit 1", async (_, more) => {
  const process = run("exiting.mjs", "--concurrency", "50", "--log", "off", ...more);
  process.child.stdin.write('"wait"\n"exit"\n');
  for (let n = 0; n < 20; n += 1) process.child.stdin.write(`${n}\n`);
  expect(await process.ended()).toBe(1);
  expect(process.err()).toBe("dispatch: SHUTTING_DOWN: a handler ended the process with 0\n");
  const written = more.length === 0 ? process.out() : await readFile(join(cwd, "results.jsonl"), "utf8");
  expect(resultsOf(written).map((result) => result.value)).toEqual(Array.from({ length: 20 }, (_, n) => n));
});

test("a handler file that ends the process as it is loaded: one line, exit 1", async () => {
  const process = run("exits.mjs");
  expect(await process.ended()).toBe(1);
  expect(process.err()).toBe(
    "dispatch: SHUTTING_DOWN: a handler ended the process with 0 while exits.mjs was loaded\n",
  );
});

test("a handler file that never finishes loading: one line, exit 2", async () => {
  const process = run("endless.mjs");
  expect(await process.ended()).toBe(2);
  expect(process.err()).toBe(
    "dispatch: CONFIG_INVALID: the handler file endless.mjs never finishes loading: what it awaits cannot come any more\n",
  );
});

test("what is thrown outside of any task is an orderly end, with one error line, exit 1", async () => {
  const process = run("crashing.mjs", "--config", "drain.json", "--concurrency", "2", "--ordered");
  process.child.stdin.write('0\n1\n"bad"\n3\n4\n');
  expect(await process.ended()).toBe(1);
  const results = resultsOf(process.out());
  expect(results.map((result) => result.index)).toEqual([0, 1, 2, 3, 4]);
  expect(results[2]).toMatchObject({ outcome: "cancelled", error: { code: "CANCELLED" } });
  expect(process.err()).toMatch(/\n5 tasks in [^\n]+\n/);
  expect(process.err()).toMatch(/\nstopped by what was thrown outside of any task: \d+ left undone, [^\n]+\n/);
  expect(process.err().match(/^dispatch: .*$/gm)).toEqual([
    "dispatch: SHUTTING_DOWN: thrown outside of any task: out side",
  ]);
});

test("handlers that hang hold nobody up when every result is in; the warning stands before the summary", async () => {
  const process = run("hanging.mjs", "--timeout", "100", "--max-attempts", "1", "--ordered");
  process.child.stdin.end('"hang"\n1\n"hang"\n');
  const beganMs = performance.now();
  expect(await process.ended()).toBe(1);
  expect(performance.now() - beganMs).toBeLessThan(8_000);
  expect(resultsOf(process.out()).map((result) => result.outcome)).toEqual(["dead", "completed", "dead"]);
  expect(process.err()).toMatch(/^warn 2 handlers have not returned; nothing waits for them\n3 tasks in /);
});

test("what a handler writes to process.stdout is on standard error", async () => {
  const process = run("writing.mjs");
  process.child.stdin.end("1\n2\n");
  expect(await process.ended()).toBe(0);
  expect(resultsOf(process.out())).toHaveLength(2);
  expect(process.err()).toMatch(/^loaded half/);
  expect(process.err().match(/half|other/g)).toHaveLength(4);
});

test("100,000 lines of 1 kB from a pipe pass through a heap of 40 MB", async () => {
  const more = ["run", "--handler", "first.mjs", "--input", "-", "--max-in-flight", "1000"];
  const process = start(globalThis.process.execPath, ["--max-old-space-size=40", BIN, ...more]);
  const seen = new Uint8Array(100_000);
  let rest = "";
  process.child.stdout.on("data", (text: string) => {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const { index, value } = JSON.parse(line) as Result;
      if (index === value) seen[index] = (seen[index] ?? 0) + 1;
    }
  });
  const pad = "x".repeat(1_000);
  for (let n = 0; n < 100_000; n += 1)
    if (!process.child.stdin.write(`${JSON.stringify({ n, pad })}\n`)) await once(process.child.stdin, "drain");
  process.child.stdin.end();
  expect(await process.ended()).toBe(0);
  expect(seen.every((times) => times === 1)).toBe(true);
  expect(process.err()).toContain("completed 100,000, dead 0, expired 0, cancelled 0");
}, 120_000);
