// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are what is tested.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { type CapturedSurroundings, capturedSurroundings } from "./captured-surroundings.ts";
import { MAX_FILE_BYTES } from "./config/source-file.ts";
import { main } from "./main.ts";

const REDIS = `backend: redis
connection:
  host: \${REDIS_HOST:-localhost}
  port: \${REDIS_PORT}
  password: \${REDIS_PASSWORD}
lease_seconds: 30
heartbeat_timeout: 45
headers: { authorization: Bearer abc, team: a }
`;

async function surroundings(files: Readonly<Record<string, string | Buffer>>): Promise<CapturedSurroundings> {
  const cwd = await temporaryFolder("dispatch-config");
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text);
  return capturedSurroundings({ cwd, environment: { REDIS_PORT: "6380", REDIS_PASSWORD: "hunter2" } });
}

const WARNING =
  "warn f.yaml:7: heartbeat_timeout: 45000 ms is above the lease of 30000 ms: the tasks of a silent worker are given to others before it counts as gone\n";

test("check says that a file is right, and what it warns of", async () => {
  const around = await surroundings({ "f.yaml": REDIS });
  expect(await main(["config", "check", "f.yaml"], around)).toBe(0);
  expect(around.outText()).toBe("f.yaml: 7 options, no problems, 1 warning\n");
  expect(around.errText()).toBe(WARNING);
});

test("check says every problem on a line of its own, exit 2", async () => {
  const around = await surroundings({
    "f.toml": 'backend = "kafka"\ntopics = 1\nmax_batch_size = 0\n[connection]\nenable_auto_commit = true\n',
  });
  expect(await main(["config", "check", "f.toml"], around)).toBe(2);
  expect(around.errText().split("\n")).toEqual([
    "dispatch: CONFIG_INVALID: f.toml: topics: unknown key; did you mean topic?",
    "dispatch: CONFIG_INVALID: f.toml: max_batch_size: 0 is not a whole number from 1 to 1000000",
    "dispatch: CONFIG_INVALID: f.toml: connection.enable_auto_commit: can only be false: offsets that commit themselves lose the tasks of a worker that crashes",
    "",
  ]);
  expect(around.outText()).toBe("");
});

test("what a file holds can neither add lines nor steer a terminal", async () => {
  const around = await surroundings({ "f.json": JSON.stringify({ "a\nb\u001b[2J": 1, queue: "x\u2028y" }) });
  expect(await main(["config", "check", "f.json"], around)).toBe(2);
  expect(around.errText()).toBe(
    'dispatch: CONFIG_INVALID: f.json:1: a b [2J: unknown key\ndispatch: CONFIG_INVALID: f.json:1: queue: "x y" is not a name of 1 to 128 letters, digits, ".", "_" or "-" that starts with a letter or digit\n',
  );
});

test("print says what is in force and where it comes from, and no secret", async () => {
  const around = await surroundings({ "f.yaml": REDIS });
  expect(await main(["config", "print", "f.yaml", "--concurrency", "3", "--pack", "off"], around)).toBe(0);
  const rows = around
    .outText()
    .split("\n")
    .map((line) => line.split(/ {2,}/));
  expect(rows).toEqual(
    expect.arrayContaining([
      ["backend", "redis", "f.yaml:1 backend"],
      ["queue", "default", "default"],
      ["leaseMs", "30000", "f.yaml:6 lease_seconds"],
      ["resendAfterMs", "(leaseMs × 3)", "default"],
      ["concurrency", "3", "command line --concurrency"],
      ["headers", '{"authorization":"***","team":"a"}', "f.yaml:8 headers"],
      ["packs", "false", "command line --pack"],
      ["host", "localhost", "f.yaml:3 connection.host"],
      ["port", "6380", "f.yaml:4 connection.port, environment REDIS_PORT"],
      ["password", "***", "f.yaml:5 connection.password, environment REDIS_PASSWORD"],
    ]),
  );
  expect(around.outText()).not.toMatch(/hunter2|abc|maxTasks|queueUrl/);
  expect(around.errText()).toBe(WARNING);
});

test("print says of what follows from another option what that is", async () => {
  const around = await surroundings({ "f.yaml": "max_requeue_attempts: 0\n" });
  expect(await main(["config", "print", "f.yaml"], around)).toBe(0);
  expect(around.outText()).toMatch(/^packs +false +because of maxLost$/m);
});

test("print --json is one line with the same", async () => {
  const around = await surroundings({ "f.json": '{"backend": "redis",\n"url": "redis://u:hunter2@h"}' });
  expect(await main(["config", "print", "f.json", "--json"], around)).toBe(0);
  expect(around.outText()).toMatch(/^[^\n]+\n$/);
  const printed: unknown = JSON.parse(around.outText());
  expect(printed).toMatchObject({
    file: "f.json",
    warnings: [],
    settings: expect.arrayContaining([
      { key: "backend", value: "redis", origin: { from: "file", path: "backend", line: 1, names: [] } },
      { key: "leaseMs", value: 60_000, origin: { from: "default" } },
      { key: "id", value: null, otherwise: "random", origin: { from: "default" } },
      expect.objectContaining({ key: "url", value: "redis://u:***@h" }),
    ]),
  });
});

test("print uses the command line's backend, whose password is not shown either", async () => {
  const around = await surroundings({ "f.yaml": REDIS });
  expect(await main(["config", "print", "f.yaml", "--backend", "redis://u:hunter2@other"], around)).toBe(0);
  expect(around.outText()).toMatch(/^backend +redis:\/\/u:\*\*\*@other +command line --backend\n/);
  expect(around.outText()).not.toContain("hunter2");
  expect(around.outText()).toMatch(/^host +\(the adapter's\) +default$/m);
});

test.each<[string, string | Buffer, string]>([
  ["f.json", " ".repeat(MAX_FILE_BYTES + 1), "the configuration file f.json is larger than 65536 bytes"],
  ["f.json", Buffer.from([0x7b, 0xff, 0x7d]), "the configuration file f.json is not UTF-8"],
  ["f.toml", "a = 1\nb =", "f.toml:2: TOML: "],
  ["f.yaml", "a: 1\nb: [", "f.yaml:"],
  ["f.json", '{"a": 1,\n}', "f.json:2: JSON: "],
])("%s is refused in one line: %3$s", async (name, text, message) => {
  const around = await surroundings({ [name]: text });
  for (const verb of ["check", "print"]) expect(await main(["config", verb, name], around)).toBe(2);
  const [first = "", second, end] = around.errText().split("\n");
  expect(first).toContain(`dispatch: CONFIG_INVALID: ${message}`);
  expect([second, end]).toEqual([first, ""]);
});

test("a file of the largest size, with a mark of its byte order, loads", async () => {
  const text = '\ufeff{"queue": "q"}';
  const around = await surroundings({ "f.json": text + " ".repeat(MAX_FILE_BYTES - Buffer.byteLength(text)) });
  expect(await main(["config", "check", "f.json"], around)).toBe(0);
});

test("a folder is no file", async () => {
  const around = await surroundings({});
  expect(await main(["config", "check", "."], around)).toBe(2);
  expect(around.errText()).toMatch(
    /^dispatch: CONFIG_INVALID: the configuration file \. cannot be read: EISDIR[^\n]*\n$/,
  );
});
