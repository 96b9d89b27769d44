import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../clock.ts";
import { silentLogger } from "../log.ts";
import {
  adminSettings,
  defaults,
  dispatcherSettings,
  runSettings,
  sendSettings,
  taskSettings,
  workerSettings,
} from "./options.ts";

const most = Number.MAX_SAFE_INTEGER;
const reads = {
  worker: (options: object) => workerSettings(options, "w1"),
  dispatcher: (options: object) => dispatcherSettings(options, "c1"),
  "queue admin": (options: object) => adminSettings(options),
  send: (options: object) => sendSettings(options),
  run: (options: object) => runSettings(options),
};
type Reader = keyof typeof reads;
const refused = (message: string | RegExp) =>
  expect.objectContaining({
    name: "DispatchError",
    code: "CONFIG_INVALID",
    message: typeof message === "string" ? message : expect.stringMatching(message),
  });

describe("defaults", () => {
  const bodies = { compress: undefined, compressAboveBytes: 1_024, blobs: undefined, blobExpiryMs: 14 * 86_400_000 };
  const common = {
    ...{ queue: "default", leaseMs: 60_000, create: true, observer: undefined, random: Math.random },
    ...bodies,
  };
  const { clock: _, retryable, ...worker } = workerSettings({}, "w1");
  const { clock, ...dispatcher } = dispatcherSettings({}, "c1");

  it("of a worker", () => {
    expect(worker).toEqual({
      ...common,
      ...{ id: "w1", concurrency: 10, timeoutMs: 300_000, maxAttempts: 5, maxLost: 3, logger: silentLogger },
      ...{ backoff: { baseMs: 1_000, maxMs: 300_000 }, targetPackMs: 100, drainMs: 30_000, abandonMs: 10_000 },
    });
    expect(retryable(new Error("any"))).toBe(true);
  });

  it("of a dispatcher", () => {
    const silence = { heartbeatTimeoutMs: 30_000, resendAfterMs: 180_000, maxResends: 2 };
    const packs = { packs: true, targetPackMs: 100, initialBatchSize: 10, maxBatchSize: 100 };
    const own = { coordinator: "c1", ...packs, ...silence };
    expect(dispatcher).toEqual({ ...common, ...own });
    expect(Math.abs(clock.wall() - Date.now())).toBeLessThan(60_000);
  });

  it("of a dispatcher with another lease follow it", () => {
    expect(dispatcherSettings({ leaseMs: 1_001 }, "c1")).toMatchObject({
      heartbeatTimeoutMs: 500,
      resendAfterMs: 3_003,
    });
  });

  it("of whoever looks after a queue", () => {
    const { clock: __, ...admin } = adminSettings({});
    expect(admin).toEqual(common);
  });

  it("of a send, and of a run", () => {
    const task = { id: undefined, key: undefined, headers: undefined, deadlineMs: undefined, priority: 5, delayMs: 0 };
    expect(sendSettings({})).toEqual(task);
    const own = {
      globalTimeoutMs: undefined,
      signal: undefined,
      maxInFlight: 10_000,
      maxInFlightBytes: 67_108_864,
      ordered: false,
      packs: undefined,
    };
    expect(runSettings({})).toEqual({ ...task, ...own });
  });

  it("hold also where an option is there, and undefined", () => {
    const none = {
      queue: undefined,
      leaseMs: undefined,
      create: undefined,
      backoff: undefined,
      retryable: undefined,
      logger: undefined,
    };
    const { clock: _clock, retryable: _retryable, ...settings } = workerSettings(none, "w1");
    expect(settings).toEqual(worker);
    expect(workerSettings({ backoff: { baseMs: 5 } }, "w1").backoff).toEqual({ baseMs: 5, maxMs: 300_000 });
  });

  it("cannot be changed", () => {
    expect(Object.isFrozen(defaults) && Object.isFrozen(defaults.backoff)).toBe(true);
  });

  it("each stand in docs/options.md, with their value and a reason", () => {
    const page = readFileSync(new URL("../../../../docs/options.md", import.meta.url), "utf8");
    const rows = new Map(
      [...page.matchAll(/^\| `([^`]+)` \| ([^|]+?) \| ([^|]*?) ?\|$/gm)].map(([, key, value, why]) => [
        key,
        { value, why },
      ]),
    );
    const flat = Object.entries(defaults).flatMap<readonly [string, string | number | boolean]>(([key, value]) =>
      typeof value === "object"
        ? Object.entries(value).map(([inner, one]) => [`${key}.${inner}`, one] as const)
        : [[key, value]],
    );
    expect(flat.length).toBeGreaterThan(10);
    for (const [key, value] of flat) {
      const printed = typeof value === "number" ? value.toLocaleString("en-US") : `\`${value}\``;
      expect([key, rows.get(key)?.value]).toEqual([key, printed]);
      expect(rows.get(key)?.why).toMatch(/\S.{20}/);
    }
  });
});

describe("what is given", () => {
  it("is used", () => {
    const clock = new VirtualClock();
    const store = { put: async () => {}, get: async () => undefined, remove: async () => {} };
    const bodies = { compress: "zstd", compressAboveBytes: 0, blobs: store, blobExpiryMs: 1_000 } as const;
    const common = { queue: "q", leaseMs: 100, create: false, clock, observer: () => {}, random: () => 0.5 };
    const given = { ...common, ...bodies };
    const worker = { id: "w", concurrency: 1, timeoutMs: 1, maxAttempts: 1, maxLost: 0, drainMs: 0, abandonMs: 0 };
    const odd = {
      targetPackMs: 7,
      backoff: { baseMs: 1, maxMs: 1 },
      retryable: () => false,
      logger: { ...silentLogger },
    };
    expect(workerSettings({ ...given, ...worker, ...odd }, "other")).toEqual({ ...given, ...worker, ...odd });
    const packs = { packs: false, targetPackMs: 7, initialBatchSize: 2, maxBatchSize: 3 };
    const dispatcher = { coordinator: "c", ...packs, heartbeatTimeoutMs: 1, resendAfterMs: 1, maxResends: 0 };
    expect(dispatcherSettings({ ...given, ...dispatcher }, "other")).toEqual({ ...given, ...dispatcher });
    const task = { id: "i", key: "k", headers: { a: "b" }, deadlineMs: 0, priority: 0, delayMs: 1 };
    expect(sendSettings(task)).toEqual(task);
    expect(taskSettings(task)).toEqual(task);
    const { id: _, key: __, ...shared } = task;
    const window = { maxInFlight: 1, maxInFlightBytes: 1, packs: false };
    const run = { ...window, globalTimeoutMs: 1, ordered: true, signal: AbortSignal.abort() };
    expect(runSettings({ ...shared, ...run })).toEqual({ id: undefined, key: undefined, ...shared, ...run });
  });
});

describe("an option that is not known", () => {
  it.each<[Reader, string, string]>([
    ["worker", "concurency", "concurrency"],
    ["worker", "Concurrency", "concurrency"],
    ["worker", "leaseMS", "leaseMs"],
    ["worker", "lease", "leaseMs"],
    ["worker", "maxAttempt", "maxAttempts"],
    ["worker", "retriable", "retryable"],
    ["dispatcher", "cordinator", "coordinator"],
    ["dispatcher", "maxResend", "maxResends"],
    ["queue admin", "que", "queue"],
    ["send", "delay", "delayMs"],
    ["send", "header", "headers"],
    ["run", "maxInflight", "maxInFlight"],
    ["run", "globalTimeout", "globalTimeoutMs"],
  ])("%s: %s, with the nearest one as a hint: %s", (reader, key, near) => {
    expect(() => reads[reader]({ [key]: 1 })).toThrow(
      refused(`${reader}: unknown option ${key}; did you mean ${near}?`),
    );
  });

  it.each<[Reader, string, string]>([
    [
      "send",
      "somethingElse",
      "send: unknown option somethingElse; known are id, priority, delayMs, key, headers, deadlineMs",
    ],
    [
      "queue admin",
      "x",
      "queue admin: unknown option x; known are queue, leaseMs, create, clock, observer, tracer, random, compress, compressAboveBytes, blobs, blobExpiryMs",
    ],
  ])("%s: %s, with all that are known where none is near", (reader, key, message) => {
    expect(() => reads[reader]({ [key]: 1 })).toThrow(refused(message));
  });

  it("is refused within back-off, and also where it is undefined", () => {
    expect(() => reads.worker({ backoff: { baseMS: 1 } })).toThrow(
      refused("backoff: unknown option baseMS; did you mean baseMs?"),
    );
    expect(() => reads.send({ prio: undefined })).toThrow(refused(/^send: unknown option prio/));
  });

  it.each<[Reader, string[]]>([
    ["run", ["id", "key", "clock", "queue"]],
    ["send", ["globalTimeoutMs", "ordered", "signal"]],
    ["worker", ["coordinator", "priority", "heartbeatTimeoutMs"]],
    ["dispatcher", ["id", "concurrency", "maxAttempts"]],
  ])("of %s are also those of others: %j", (reader, keys) => {
    for (const key of keys)
      expect(() => reads[reader]({ [key]: undefined })).toThrow(refused(new RegExp(`unknown option ${key}`)));
  });
});

describe("a number out of range", () => {
  const numbers: [Reader, string, number, number][] = [
    ["worker", "leaseMs", 100, 43_200_000],
    ["worker", "concurrency", 1, 100_000],
    ["worker", "timeoutMs", 1, most],
    ["worker", "targetPackMs", 1, most],
    ["dispatcher", "targetPackMs", 1, most],
    ["dispatcher", "maxBatchSize", 1, 1_000],
    ["dispatcher", "initialBatchSize", 1, 100],
    ["worker", "maxAttempts", 1, 65_535],
    ["worker", "maxLost", 0, 254],
    ["worker", "drainMs", 0, most],
    ["worker", "abandonMs", 0, most],
    ["worker", "backoff.baseMs", 1, most],
    ["worker", "backoff.maxMs", 1, most],
    ["dispatcher", "leaseMs", 100, 43_200_000],
    ["dispatcher", "heartbeatTimeoutMs", 1, most],
    ["dispatcher", "resendAfterMs", 1, most],
    ["dispatcher", "maxResends", 0, 254],
    ["queue admin", "leaseMs", 100, 43_200_000],
    ["send", "priority", 0, 10],
    ["send", "delayMs", 0, most],
    ["send", "deadlineMs", 0, most],
    ["run", "priority", 0, 10],
    ["run", "delayMs", 0, most],
    ["run", "deadlineMs", 0, most],
    ["run", "globalTimeoutMs", 1, most],
    ["run", "maxInFlight", 1, 1_000_000],
    ["run", "maxInFlightBytes", 1, most],
  ];
  const option = (key: string, value: unknown) => {
    const [outer = "", inner] = key.split(".");
    return { [outer]: inner === undefined ? value : { [inner]: value } };
  };

  it.each(numbers)("%s: %s is a whole number from %d to %d", (reader, key, least, largest) => {
    for (const value of [least, largest]) expect(() => reads[reader](option(key, value))).not.toThrow();
    const wrong = [
      least - 1,
      largest + 1,
      least + 0.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      -most,
      `${least}`,
      true,
      [least],
      {},
    ];
    for (const value of wrong) {
      const message = `${key} is ${String(value)}, not a whole number from ${least} to ${largest}`;
      expect(() => reads[reader](option(key, value))).toThrow(refused(message));
    }
  });
});

describe("a name", () => {
  it.each<[Reader, string]>([
    ["worker", "queue"],
    ["worker", "id"],
    ["dispatcher", "queue"],
    ["dispatcher", "coordinator"],
    ["queue admin", "queue"],
  ])("%s: %s is checked", (reader, key) => {
    expect(() => reads[reader]({ [key]: "a.b-c_D9" })).not.toThrow();
    for (const value of ["", "-a", "a b", "ü", "a".repeat(129), 5])
      expect(() => reads[reader]({ [key]: value })).toThrow(refused(new RegExp(`^${key} .*: a name begins with`)));
  });
});

describe("a text", () => {
  it.each(["id", "key"])("%s has 1 to 1,024 characters", (key) => {
    for (const value of ["a", "ü".repeat(1_024)]) expect(() => reads.send({ [key]: value })).not.toThrow();
    for (const value of ["", "a".repeat(1_025), 5, {}, "half a \ud83d"])
      expect(() => reads.send({ [key]: value })).toThrow(
        refused(`${key} is not a well-formed text of 1 to 1024 characters`),
      );
  });
});

describe("headers", () => {
  it.each<[string, unknown]>([
    ["none", {}],
    ["a few", { a: "b", "": "", __proto__: { inherited: 5 } }],
    ["as many as there may be", { a: "b".repeat(32_767) }],
  ])("may be %s", (_, headers) => {
    expect(reads.send({ headers }).headers).toBe(headers);
  });

  it.each<[string, unknown, string]>([
    ["a number", { a: "b", count: 5 }, 'headers: "count" is not a text'],
    ["nothing", { a: undefined }, 'headers: "a" is not a text'],
    ["null", null, 'headers: "" is not a text'],
    ["a text", "a=b", 'headers: "" is not a text'],
    ["too many", { a: "b".repeat(32_768) }, "headers: 32769 characters, the most is 32768"],
  ])("may not be %s", (_, headers, message) => {
    expect(() => reads.send({ headers })).toThrow(refused(message));
    expect(() => reads.run({ headers })).toThrow(refused(message));
  });
});

describe("a value of the wrong kind is refused at start-up, not met at night", () => {
  it.each<[Reader, string, unknown]>([
    ["worker", "create", "no"],
    ["worker", "retryable", true],
    ["worker", "logger", { info: 5 }],
    ["worker", "observer", {}],
    ["worker", "random", 0.5],
    ["worker", "clock", {}],
    ["worker", "backoff", 1_000],
    ["dispatcher", "create", 0],
    ["dispatcher", "observer", "console"],
    ["run", "ordered", "no"],
    ["run", "signal", {}],
  ])("%s: %s is not %j", (reader, key, value) => {
    expect(() => reads[reader]({ [key]: value })).toThrow(refused(new RegExp(`^${key} `)));
  });
});
