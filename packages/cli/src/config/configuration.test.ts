// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are what is tested.
import { describe, expect, test } from "vitest";
import { optionKeys } from "./option-keys.ts";
import { givenValues, loaded, problemsOf, warningsOf } from "./testing.ts";

describe("every option of the API is a key", () => {
  const sample = (schema: Readonly<Record<string, unknown>>): unknown => {
    if (Array.isArray(schema.enum)) return schema.enum.at(0);
    return { integer: schema.minimum, boolean: true, object: { a: "b" } }[String(schema.type)] ?? "memory";
  };
  test.each(optionKeys.map((option) => [option.key, option] as const))("%s", (key, option) => {
    const backend = option.backends?.[0] ?? "memory";
    const values: Readonly<Record<string, unknown>> = {
      enableAutoCommit: false,
      url: "redis://h",
      http: "127.0.0.1:0",
    };
    const value = values[key] ?? sample(option.kind.schema);
    const [group = key, inner] = key.split(".");
    const file = { backend, [group]: inner === undefined ? value : { [inner]: value } };
    expect(givenValues(loaded(file))).toHaveProperty([key], option.kind.read(value) ?? value);
  });
});

test.each([
  [true, "gzip"],
  [false, "off"],
  ["zstd", "zstd"],
])("compress %j is %s", (value, compress) => {
  expect(givenValues(loaded({ compress: value }))).toEqual({ compress });
  expect(problemsOf({ compress: "lzma" })[0]).toContain("one of gzip, zstd, brotli, off, true (gzip), false (off)");
});

test("nothing in a file: every default, and no option of a broker", () => {
  for (const [text, file] of [
    ["{}", "f.json"],
    ["", "f.toml"],
    ["", "f.yaml"],
    ["# nothing\n", "f"],
    ["---\n", "f.yml"],
  ] as const) {
    const { backend, settings, warnings } = loaded(text, { file });
    expect([backend, warnings]).toEqual(["memory", []]);
    for (const { option, value, origin } of settings.values()) {
      expect(origin).toEqual({ from: "default" });
      expect(value).toEqual(option.default);
      expect(option.backends ?? ["memory"]).toContain("memory");
    }
  }
});

test("every problem at once, each with its line", () => {
  const text = `{
    "backend": "sqs",
    "queue_ulr": "x",
    "max_batch_size": 11,
    "connection": { "region": "\${NONE}", "hosts": 1,
      "visibility_timeout": [] },
    "backoff": { "baseMs": 0, "maxms": 1 },
    "headers": { "a": 1 },
    "isolation": "thread"
  }`;
  const problems = [
    "f.json:3: queue_ulr: unknown key; did you mean queue_url?",
    "f.json:4: max_batch_size: 11 is not a whole number from 1 to 10",
    "f.json:5: connection.region: the environment variable NONE is not set, and there is no default; ${NONE:-default} has one",
    "f.json:5: connection.hosts: unknown key",
    "f.json:6: connection.visibility_timeout: a list is not seconds from 0.1 to 43200",
    "f.json:7: backoff.baseMs: 0 is not whole milliseconds from 1 to 31536000000",
    "f.json:7: backoff.maxms: unknown key; did you mean backoff.maxMs?",
    "f.json:8: headers: this is not texts by name, at most 32768 characters in all",
    "f.json:9: isolation: thread needs the package @org/dispatch-isolation, which is not installed",
  ];
  expect(() => loaded(text)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID", lines: problems }));
});

test("no more than 100 problems are listed", () => {
  const file = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`key${index}`, 1]));
  expect(() => loaded(file)).toThrow(
    expect.objectContaining({
      problems: expect.objectContaining({ length: 150 }),
      lines: expect.objectContaining({ length: 101, 100: "f.json: and 50 problems more" }),
    }),
  );
});

test.each<[unknown, string]>([
  [{ backend: "mongo" }, 'backend: "mongo" is not known; there are memory, redis'],
  [{ backend: "http://u:secret@h" }, 'backend: "http" is not known'],
  [{ backend: 5 }, "backend: 5 is not a text"],
  [{ backend: "" }, 'backend: "" is not a text'],
  [{ backend: "${B}" }, "backend: the environment variable B is not set"],
  [{ connection: [] }, "connection: is no section of keys"],
  [{ backoff: 5 }, "backoff: is no section of keys"],
  [{ queue: "a b" }, 'queue: "a b" is not a name of 1 to 128 letters'],
  [{ headers: { a: ["b"] } }, "headers: this is not texts by name"],
  [{ concurrency: true }, "concurrency: true is not a whole number from 1 to 100000"],
  [{ concurrency: {} }, "concurrency: this is not a whole number"],
  [{ concurrency: "8" }, 'concurrency: "8" is not a whole number'],
  [{ blobs: "x".repeat(99), concurrency: "x".repeat(99) }, `concurrency: "${"x".repeat(58)}… is not a whole number`],
  [{ backend: "redis", password: 1234 }, "password: the value is not a text"],
  [{ backend: "redis", connection: { url: "amqp://h" } }, "connection.url: is no URL of redis"],
  [{ backend: "redis", url: "h:6379" }, "url: is no URL of redis"],
  [{ backend: "redis", url: "redis://h", port: 1 }, "port: url is a URL, which says this already; keep one of the two"],
  [{ backend: "redis://h", host: "i" }, "host: backend is a URL, which says this already; keep one of the two"],
  [{ backend: "redis://h", url: "redis://h" }, "url: backend is a URL, which says this already; keep one of the two"],
])("%j is refused: %s", (file, problem) => {
  const problems = problemsOf(file as object);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(problem);
  expect(problems[0]).not.toMatch(/secret|1234/);
});

test("what is inherited is no key", () => {
  for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    expect(problemsOf(`{ "${key}": { "backend": "sqs" }, "connection": { "${key}": 1 } }`)).toEqual([
      `${key}: unknown key`,
      `connection.${key}: unknown key`,
    ]);
    expect(problemsOf(`{ "headers": { "${key}": "x" } }`)).toHaveLength(key === "__proto__" ? 1 : 0);
  }
  expect(Object.keys(Object.prototype)).toEqual([]);
});

describe("the environment", () => {
  const environment = { PORT: "6380", ON: "true", N: "0x10", EMPTY: "", MARK: "${PORT}", TOKEN: "t0k" };
  test.each<[object, object]>([
    [{ backend: "redis", port: "${PORT}" }, { port: 6380 }],
    [{ backend: "redis", port: "${NONE:-6381}" }, { port: 6381 }],
    [{ backend: "redis", port: "${EMPTY:-6382}" }, { port: 6382 }],
    [
      { backend: "redis", tls: "${ON}", db: "${NONE:-0}" },
      { tls: true, db: 0 },
    ],
    [{ backend: "redis", password: "${PORT}" }, { password: "6380" }],
    [{ backend: "redis", password: "${EMPTY}" }, { password: "" }],
    [{ backend: "redis", password: "a$${PORT}${MARK}$" }, { password: "a${PORT}${PORT}$" }],
    [{ backend: "kafka", bootstrap_servers: ["h:${PORT}", "i"] }, { bootstrapServers: ["h:6380", "i"] }],
    [{ backend: "kafka", bootstrap_servers: "${NONE:-a,b}" }, { bootstrapServers: ["a", "b"] }],
    [{ headers: { a: "x-${PORT}" } }, { headers: { a: "x-6380" } }],
    [{ lease_seconds: "${NONE:-0.5}" }, { leaseMs: 500 }],
    [{ backend: "${NONE:-redis}", host: "h" }, { host: "h" }],
  ])("fills in %j", (file, options) => {
    const { backend: _, ...given } = givenValues(loaded(file, { environment }));
    expect(given).toEqual(options);
  });

  test.each<[object, string]>([
    [{ concurrency: "${N}" }, "concurrency: the value of ${N} is not a whole number from 1 to 100000"],
    [{ concurrency: "${NONE:-x}" }, "concurrency: the value is not a whole number from 1 to 100000"],
    [{ queue: "${}" }, 'queue: "${" begins no ${NAME} or ${NAME:-default}; write $${ for a literal ${'],
    [{ queue: "${PORT" }, 'queue: "${" begins no ${NAME} or ${NAME:-default}; write $${ for a literal ${'],
    [{ queue: "${A-b}" }, 'queue: "${" begins no ${NAME} or ${NAME:-default}; write $${ for a literal ${'],
    [
      { queue: "${toString}" },
      "queue: the environment variable toString is not set, and there is no default; ${toString:-default} has one",
    ],
  ])("of %j says what is wrong", (file, problem) => {
    expect(problemsOf(file, { environment })).toEqual([problem]);
  });

  test("is the origin of what it filled in", () => {
    const { settings } = loaded({ headers: { a: "${PORT}", b: "${TOKEN}" }, queue: "${NONE:-q}" }, { environment });
    expect(settings.get("headers")?.origin).toEqual({
      from: "file",
      path: "headers",
      line: 2,
      names: ["PORT", "TOKEN"],
    });
    expect(settings.get("queue")?.origin).toEqual({ from: "file", path: "queue", line: 6, names: [] });
  });
});

describe("the command line wins", () => {
  const file = { backend: "redis", leaseMs: 1_000, connection: { host: "h", password: "p", db: 3 }, concurrency: 7 };

  test("over the file", () => {
    const configuration = loaded(file, { line: { leaseMs: 2_000, backend: "redis" } });
    expect(givenValues(configuration)).toMatchObject({
      leaseMs: 2_000,
      host: "h",
      password: "p",
      db: 3,
      concurrency: 7,
    });
    expect(configuration.settings.get("leaseMs")?.origin).toEqual({ from: "command line", flag: "--lease" });
  });

  test("a URL takes the place of everything that says where the broker is", () => {
    const configuration = loaded(file, { line: { backend: "redis://other" } });
    expect(givenValues(configuration)).toEqual({ backend: "redis://other", leaseMs: 1_000, concurrency: 7 });
    expect(configuration.warnings).toEqual([]);
  });

  test.each(["redis://u:secret@h", "memory:redis"])(
    "the bare name of what the file has as %s: a warning",
    (backend) => {
      const name = backend.split(":")[0] as string;
      const one = `{ "backend": "${backend}" }`;
      expect(givenValues(loaded(one, { line: { backend: name } }))).toEqual({ backend: name });
      expect(warningsOf(one, { line: { backend: name } })).toEqual([
        `backend: has no effect: --backend ${name} wins, and what stands behind the name here is left out`,
      ]);
      expect(warningsOf(one, { line: { backend } })).toEqual([]);
      expect(warningsOf(`{ "backend": "${name}" }`, { line: { backend: name } })).toEqual([]);
    },
  );

  test("another backend: what the file says of its own is left out, with a warning", () => {
    const loading = { line: { backend: "memory" } };
    expect(givenValues(loaded(file, loading))).toEqual({ backend: "memory", leaseMs: 1_000, concurrency: 7 });
    expect(warningsOf(file, loading)).toEqual([
      ": --backend names memory: what the file says of redis is left out (connection.host, connection.password, connection.db)",
    ]);
    const sqs = { backend: "sqs", max_batch_size: 5, visibility_timeout: 9 };
    expect(givenValues(loaded(sqs, loading))).toEqual({ backend: "memory", leaseMs: 9_000 });
  });

  test("the backend of a file that names none", () => {
    const { backend: _, ...rest } = file;
    expect(problemsOf(rest)).toHaveLength(3);
    expect(problemsOf(rest)[0]).toBe("connection.host: this is a key of redis, rabbitmq, and the backend is memory");
    expect(givenValues(loaded(rest, { line: { backend: "redis" } }))).toMatchObject({ host: "h", db: 3 });
  });

  test("the warning about the heartbeat is about what is in force", () => {
    const line = { leaseMs: 1_000 };
    expect(warningsOf({ heartbeatTimeoutMs: 2_000 })).toEqual([]);
    expect(warningsOf({ heartbeatTimeoutMs: 2_000 }, { line })[0]).toContain("2000 ms is above the lease of 1000 ms");
  });
});
