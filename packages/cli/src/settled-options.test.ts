// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are what is tested.
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@org/dispatch-core";
import { memory } from "@org/dispatch-core/memory";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { type CapturedSurroundings, type CaptureOptions, capturedSurroundings } from "./captured-surroundings.ts";
import { main } from "./main.ts";
import { type GivenOptions, settledOptions } from "./settled-options.ts";
import { dispatcherOptions, queueAdminOptions, type WorkOptions, workerOptions } from "./work-options.ts";

async function surroundings(
  files: Readonly<Record<string, string | object>>,
  options: CaptureOptions = {},
): Promise<CapturedSurroundings> {
  const cwd = await temporaryFolder("dispatch-settled");
  for (const [name, text] of Object.entries(files))
    await writeFile(join(cwd, name), typeof text === "string" ? text : JSON.stringify(text));
  return capturedSurroundings({ cwd, clock: systemClock(), ...options });
}

/** Installs an adapter of Redis that notes what it is made with, and then cannot be reached. */
async function withAdapter(around: CapturedSurroundings): Promise<() => Promise<unknown>> {
  const root = join(around.cwd, "node_modules", "@org", "dispatch-backend-redis");
  await mkdir(root, { recursive: true });
  await writeFile(join(root, "package.json"), '{ "type": "module", "exports": "./x.js" }');
  const code = `import { writeFileSync } from "node:fs";
    export function fromOptions(options) {
      writeFileSync(${JSON.stringify(join(around.cwd, "options.json"))}, JSON.stringify(options));
      throw Object.assign(new Error("noted"), { name: "DispatchError", code: "CONFIG_INVALID" }); }`;
  await writeFile(join(root, "x.js"), code);
  return async () => JSON.parse(await readFile(join(around.cwd, "options.json"), "utf8")) as unknown;
}

const REDIS = {
  backend: "redis",
  namespace: "n",
  connection: { host: "h", port: "${PORT}", password: "p", ssl: true },
  lease_seconds: 5,
  concurrency: 3,
};

describe("the adapter is given one object", () => {
  const ends: readonly (readonly [string, ...string[]])[] = [
    ["worker", "--handler", "h.mjs"],
    ["run", "--no-worker", "--input", "-"],
    ["queue", "status"],
    ["queue", "purge", "--yes"],
    ["dead", "list"],
    ["dead", "redrive", "--id", "r/0"],
  ];
  test.each(ends)("by %s %s", async (...argv) => {
    const around = await surroundings({ "f.json": REDIS }, { environment: { PORT: "6380" } });
    const noted = await withAdapter(around);
    expect(await main([...argv, "--config", "f.json", "--queue", "q"], around)).toBe(2);
    expect(around.errText()).toBe("dispatch: CONFIG_INVALID: noted\n");
    expect(await noted()).toEqual({ host: "h", port: 6380, password: "p", tls: true, namespace: "n", queue: "q" });
  });

  test("a URL of the command line takes the place of where the file says the broker is", async () => {
    const around = await surroundings({ "f.json": REDIS }, { environment: { PORT: "6380" } });
    const noted = await withAdapter(around);
    await main(["queue", "status", "--config", "f.json", "--backend", "redis://i:1"], around);
    expect(await noted()).toEqual({ url: "redis://i:1", namespace: "n", queue: "default" });
  });

  test("a URL of the file is given as it is", async () => {
    for (const file of [{ backend: "rediss://h/2" }, { backend: "redis", connection: { url: "rediss://h/2" } }]) {
      const around = await surroundings({ "f.json": file });
      const noted = await withAdapter(around);
      await main(["queue", "status", "--config", "f.json"], around);
      expect(await noted()).toEqual({ url: "rediss://h/2", namespace: "dispatch", queue: "default" });
    }
  });
});

test("every option for core stands under its name; what nobody gives is absent", async () => {
  const file = {
    ...REDIS,
    backoff: { baseMs: 5 },
    max_requeue_attempts: 1,
    headers: { a: "b" },
    globalTimeoutMs: 9,
    log: "off",
  };
  const around = await surroundings({ "f.json": file }, { environment: { PORT: "1" } });
  const given = { config: "f.json", concurrency: 8, handler: "h" };
  expect(await settledOptions<typeof given, WorkOptions>(given, around)).toEqual({
    ...{
      config: "f.json",
      handler: "h",
      backend: "redis",
      namespace: "n",
      queue: "default",
      create: false,
      log: "off",
      isolation: "inline",
    },
    ...{ concurrency: 8, leaseMs: 5_000, maxAttempts: 2, maxLost: 1, backoff: { baseMs: 5 }, headers: { a: "b" } },
    ...{ globalTimeoutMs: 9, connection: { host: "h", port: 1, password: "p", tls: true } },
  });
  expect(await settledOptions({}, around)).toEqual({
    ...{ backend: "memory", namespace: "dispatch", queue: "default", create: false, log: "text", isolation: "inline" },
    connection: {},
  });
});

test("a run takes its options from the file: attempts, order, log", async () => {
  const around = await surroundings(
    {
      "f.toml": 'maxAttempts = 2\nordered = true\nlog = "json"\n[backoff]\nbaseMs = 1\n[headers]\ntenant = "t"\n',
      "h.mjs":
        "export default async (n, { attempt, headers }) => { if (attempt < 2) throw new Error('no'); return [n, headers.tenant]; };",
    },
    { stdin: "1\n2\n3\n" },
  );
  expect(await main(["run", "--config", "f.toml", "--handler", "h.mjs", "--input", "-"], around)).toBe(0);
  const results = around
    .outText()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect(results).toMatchObject([1, 2, 3].map((n, index) => ({ index, attempts: 2, value: [n, "t"] })));
  for (const line of around.errText().trim().split("\n")) expect(() => JSON.parse(line) as unknown).not.toThrow();
});

test("what is too large for the broker goes by the folder of blobs", async () => {
  const around = await surroundings(
    {
      "f.json": { backend: "memory:redis", blobs: "large", compress: "off", blobExpiryMs: 60_000 },
      "h.mjs": "export default async (text) => text.length;",
    },
    { stdin: `"${"x".repeat(2_000_000)}"\n` },
  );
  expect(await main(["run", "--config", "f.json", "--handler", "h.mjs", "--input", "-"], around)).toBe(0);
  expect(JSON.parse(around.outText())).toMatchObject({ outcome: "completed", value: 2_000_000 });
  expect((await stat(join(around.cwd, "large"))).isDirectory()).toBe(true);
});

test("each of core's three is told how bodies travel", async () => {
  const file = { blobs: "large", compress: "zstd", compressAboveBytes: 5, blobExpiryMs: 60_000 };
  const around = await surroundings({ "f.json": file });
  const options = await settledOptions<GivenOptions, WorkOptions>({ config: "f.json" }, around);
  const backend = memory();
  const log = { mode: "off", observer: undefined, logger: console } as const;
  const bodies = {
    compress: "zstd",
    compressAboveBytes: 5,
    blobExpiryMs: 60_000,
    blobs: { put: expect.any(Function) },
  };
  expect(workerOptions(options, backend, log)).toMatchObject(bodies);
  expect(dispatcherOptions(options, backend, log)).toMatchObject(bodies);
  expect(queueAdminOptions(options, backend)).toMatchObject(bodies);
  await backend.close();
});

test("dispatcher and worker are told of packs", async () => {
  const sizes = { initialBatchSize: 7, maxBatchSize: 70 };
  const around = await surroundings({ "f.json": { ...sizes, adaptive_batching: false, targetPackMs: 30 } });
  const given = { config: "f.json", packs: true };
  const options = await settledOptions<typeof given, WorkOptions>(given, around);
  const backend = memory();
  const log = { mode: "off", observer: undefined, logger: console } as const;
  expect(dispatcherOptions(options, backend, log)).toMatchObject({ ...sizes, packs: true, targetPackMs: 30 });
  expect(workerOptions(options, backend, log)).toMatchObject({ targetPackMs: 30 });
  await backend.close();
});

test("where no loss is forgiven there are no packs, with a warning for who asks for them", async () => {
  for (const packs of [undefined, true]) {
    const around = await surroundings({ "f.json": { max_requeue_attempts: 0 } });
    const given = { config: "f.json", ...(packs && { packs }) };
    const options = await settledOptions<typeof given, WorkOptions>(given, around);
    expect(options).toMatchObject({ packs: false, maxLost: 0 });
    expect(around.errText()).toMatch(packs ? /^warn f\.json:1: max_requeue_attempts: packs are off, [^\n]+\n$/ : /^$/);
  }
});

test("the command line wins over the file", async () => {
  const around = await surroundings(
    {
      "f.yaml": "maxAttempts: 5\nbackoff: { baseMs: 1 }\n",
      "h.mjs": "export default async () => { throw new Error('no'); };",
    },
    { stdin: "1\n" },
  );
  const argv = [
    "run",
    "--config",
    "f.yaml",
    "--handler",
    "h.mjs",
    "--input",
    "-",
    "--max-attempts",
    "2",
    "--log",
    "off",
  ];
  expect(await main(argv, around)).toBe(1);
  expect(JSON.parse(around.outText())).toMatchObject({ outcome: "dead", attempts: 2 });
});

test("a wrong file stops a command before anything else, with every problem", async () => {
  const around = await surroundings({ "f.json": { concurency: 1, queue: "" } });
  expect(await main(["run", "--config", "f.json", "--handler", "none.mjs", "--input", "-"], around)).toBe(2);
  expect(around.errText().split("\n")).toEqual([
    "dispatch: CONFIG_INVALID: f.json:1: concurency: unknown key; did you mean concurrency?",
    expect.stringMatching(/^dispatch: CONFIG_INVALID: f\.json:1: queue: "" is not a name/),
    "",
  ]);
});

test.each<[string, RegExp | string]>([
  ["text", /^warn f\.json:1: heartbeat_timeout: 90000 ms is above the lease of 60000 ms: [^\n]+\n/],
  ["json", /^\{[^\n]*"level":"warn"[^\n]*"message":"f\.json:1: heartbeat_timeout: [^\n]*\}\n/],
  ["off", /^dispatch: UNSUPPORTED/],
])("a warning is said as the log says it: %s", async (mode, said) => {
  const around = await surroundings({ "f.json": { heartbeat_timeout: 90, log: mode } });
  expect(await main(["queue", "status", "--config", "f.json"], around)).toBe(2);
  expect(around.errText()).toMatch(said);
});
