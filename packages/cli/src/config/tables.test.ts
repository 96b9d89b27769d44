import type { DispatcherOptions, RunOptions, WorkerOptions } from "@org/dispatch-core";
import type { MemoryOptions } from "@org/dispatch-core/memory";
import { Ajv2020 } from "ajv/dist/2020.js";
import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { addSettings } from "../command-options.ts";
import { configurationPage, PAGE_PATH } from "./configuration-page.ts";
import { groupNames, optionKey, optionKeys } from "./option-keys.ts";
import { pythonKeys } from "./python-keys.ts";
import { configSchema, SCHEMA_PATH, schemaText } from "./schema.ts";

// What a file cannot hold: functions, objects and signals.
type NotInFiles = "clock" | "observer" | "tracer" | "random" | "retryable" | "logger" | "signal";
type ApiOption = Exclude<
  keyof WorkerOptions | keyof DispatcherOptions | keyof RunOptions | keyof MemoryOptions,
  NotInFiles
>;

// A new option of the API does not compile here until it is named, and then fails below until it is a key.
const api: Readonly<Record<ApiOption, true>> = {
  ...{ namespace: true, queue: true, create: true, leaseMs: true, heartbeatTimeoutMs: true, coordinator: true },
  ...{ resendAfterMs: true, maxResends: true, id: true, concurrency: true, timeoutMs: true, maxAttempts: true },
  ...{ maxLost: true, backoff: true, drainMs: true, abandonMs: true, priority: true, delayMs: true, deadlineMs: true },
  ...{ globalTimeoutMs: true, headers: true, maxInFlight: true, maxInFlightBytes: true, ordered: true },
  ...{ maxTasks: true, maxBytes: true, compress: true, compressAboveBytes: true, blobs: true, blobExpiryMs: true },
  ...{ packs: true, targetPackMs: true, initialBatchSize: true, maxBatchSize: true },
};

describe("the table of keys", () => {
  test("has every option of the API that a file can hold", () => {
    const held = new Set(optionKeys.flatMap(({ key }) => [key, key.split(".")[0]]));
    for (const key of Object.keys(api)) expect(held).toContain(key);
  });

  test("has no name twice, and none that both tables mean", () => {
    const names = optionKeys.map(({ key }) => key);
    expect(new Set(names).size).toBe(names.length);
    for (const { key } of pythonKeys) expect(names).not.toContain(key);
    for (const group of groupNames) expect(names).not.toContain(group);
  });

  test("has defaults that its own kinds take", () => {
    for (const { key, kind, default: value, otherwise } of optionKeys) {
      expect([key, value === undefined]).toEqual([key, otherwise !== undefined]);
      if (value !== undefined) expect([key, kind.read(value)]).toEqual([key, value]);
    }
  });

  test("means one thing by one name on one backend", () => {
    for (const backend of ["memory", "redis", "sqs", "rabbitmq", "kafka"] as const) {
      const names = pythonKeys.filter(({ backends }) => backends?.includes(backend) ?? true).map(({ key }) => key);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  test("names options that exist, for the same backends or fewer", () => {
    for (const { to, backends } of pythonKeys)
      for (const key of Object.keys(to)) {
        const option = optionKey(key);
        if (option.backends !== undefined) expect(option.backends).toEqual(backends);
      }
  });

  test("names flags that the command has", () => {
    const flags = addSettings(new Command()).options.map(({ long }) => long);
    const named = optionKeys.flatMap(({ flag }) => flag ?? []);
    expect(named.toSorted()).toEqual(flags.toSorted());
  });
});

describe("the schema", () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(configSchema());

  test("is the one that is published", async () => {
    await expect(schemaText()).toMatchFileSnapshot(`../../${SCHEMA_PATH}`);
  });

  test.each<[unknown, boolean]>([
    [{}, true],
    [
      { $schema: "x", backend: "redis", connection: { host: "h", port: 6379, password: null }, lease_seconds: 0.5 },
      true,
    ],
    [{ concurrency: `\${N:-5}`, backoff: { baseMs: 1 }, headers: { a: "b" }, bootstrap_servers: "a,b" }, true],
    [{ bootstrapServers: ["a", "b"], compress: "zstd", connection: { bootstrap_servers: "a", leaseMs: 100 } }, true],
    [{ concurrency: "5" }, false],
    [{ concurrency: 0 }, false],
    [{ leaseMs: 50 }, false],
    [{ lease: 50 }, false],
    [{ connection: { hots: "h" } }, false],
    [{ connection: { connection: {} } }, false],
    [{ backoff: { baseMS: 1 } }, false],
    [{ log: "xml" }, false],
  ])("%j: %s", (file, fits) => {
    expect(validate(file)).toBe(fits);
  });
});

describe(PAGE_PATH, () => {
  test("is what the tables say", async () => {
    await expect(configurationPage()).toMatchFileSnapshot(`../../../../${PAGE_PATH}`);
  });

  test("and the schema have every key", () => {
    const page = configurationPage();
    const { properties } = configSchema() as { properties: Record<string, object> };
    for (const { key } of [...optionKeys, ...pythonKeys]) {
      expect(page).toContain(`| \`${key}\` |`);
      expect(properties).toHaveProperty([key.split(".")[0] ?? ""]);
    }
  });
});
