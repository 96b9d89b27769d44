import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { adapterOf, findBackend } from "./backends.ts";

test.each([
  ["memory", "memory", undefined],
  ["memory:", "memory", "memory:"],
  ["memory:redis", "memory", "memory:redis"],
  ["redis", "redis", undefined],
  ["redis://h:6379/1", "redis", "redis://h:6379/1"],
  ["rediss://h", "redis", "rediss://h"],
  ["amqp://u:p@h/v", "rabbitmq", "amqp://u:p@h/v"],
  ["amqps://h", "rabbitmq", "amqps://h"],
  ["rabbitmq", "rabbitmq", undefined],
  ["kafka://a:1,b:2", "kafka", "kafka://a:1,b:2"],
  ["sqs://eu-central-1", "sqs", "sqs://eu-central-1"],
  ["sqs+http://127.0.0.1:9324", "sqs", "sqs+http://127.0.0.1:9324"],
])("%s is the adapter %s with the URL %s", (text, name, url) => {
  expect(adapterOf(text)).toEqual({ name, url });
});

test.each(["mongo", "http://user:secret@host", "", "amqp", "redis2:", "toString"])(
  "%j lists what is known, and no secret",
  (text) => {
    expect(() => adapterOf(text)).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: expect.stringMatching(
          /there are memory, redis, sqs, rabbitmq, kafka, and URLs that start with memory:, redis:/,
        ),
      }),
    );
    expect(() => adapterOf(text)).not.toThrow("secret");
  },
);

async function folder(): Promise<{ readonly cwd: string; readonly home: string }> {
  const root = await temporaryFolder("dispatch-backends");
  await mkdir(join(root, "user"));
  await mkdir(join(root, "cli"));
  return { cwd: join(root, "user"), home: join(root, "cli", "bin.js") };
}

async function install(at: string, manifest: object, files: Readonly<Record<string, string>>): Promise<void> {
  const root = join(at, "node_modules", "@org", "dispatch-backend-redis");
  await mkdir(root, { recursive: true });
  await writeFile(
    join(root, "package.json"),
    JSON.stringify({ name: "@org/dispatch-backend-redis", version: "1.0.0", ...manifest }),
  );
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text);
}

const ESM = {
  type: "module",
  exports: { ".": { import: { types: "./x.d.ts", default: "./x.js" }, require: "./x.cjs" } },
};
const adapter = (name: string) =>
  `export const fromOptions = (options) => ({ name: ${JSON.stringify(name)}, options });`;

test("memory needs nothing; it has the characters of the brokers", async () => {
  const around = await folder();
  const backend = await findBackend("memory", { namespace: "n", queue: "q", maxTasks: 5 }, around);
  expect(backend.profile.reach).toBe("process");
  await backend.close();
  for (const character of ["redis", "sqs", "rabbitmq", "kafka"]) {
    const session = await findBackend(`memory:${character}`, { namespace: "n", queue: "q", maxTasks: 5 }, around);
    expect([session.name, session.profile.reach]).toEqual([`memory-as-${character}`, "process"]);
    await session.close();
  }
  await expect(findBackend("memory:mongo", {}, around)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: 'character "mongo" is not known; there are redis, sqs, rabbitmq, kafka',
  });
});

test("an absent adapter is named with the package to install", async () => {
  await expect(findBackend("redis://u:secret@h", {}, await folder())).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message:
      "the package @org/dispatch-backend-redis is not installed; install @org/dispatch-backend-redis, then try again",
  });
});

test("an adapter is imported from the working folder first, then from beside the command", async () => {
  const around = await folder();
  await install(join(around.home, ".."), ESM, { "x.js": adapter("beside") });
  expect(await findBackend("redis://h", { namespace: "n" }, around)).toEqual({
    name: "beside",
    options: { namespace: "n", url: "redis://h" },
  });
  await install(around.cwd, ESM, { "x.js": adapter("user"), "x.cjs": "throw new Error('not this one')" });
  const options = { queue: "q", host: "h", port: 1, tls: true };
  expect(await findBackend("redis", options, around)).toEqual({ name: "user", options });
  expect(await findBackend("redis", { url: "redis://h" }, around)).toEqual({
    name: "user",
    options: { url: "redis://h" },
  });
});

test("an adapter without exports in its manifest, or of CommonJS, is found too", async () => {
  const around = await folder();
  await install(around.cwd, { main: "./m.cjs" }, { "m.cjs": "exports.fromOptions = () => ({ name: 'cjs' });" });
  expect(await findBackend("redis", {}, around)).toMatchObject({ name: "cjs" });
});

test("an adapter whose manifest cannot be read is named", async () => {
  const around = await folder();
  await install(around.cwd, ESM, { "package.json": "{ broken" });
  await expect(findBackend("redis", {}, around)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(/^the package @org\/dispatch-backend-redis cannot be loaded: its package.json: /),
  });
});

test("an adapter that does not load, or is none, says so", async () => {
  const broken = await folder();
  await install(broken.cwd, ESM, { "x.js": "throw new Error('no native part');" });
  await expect(findBackend("redis", {}, broken)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: "the package @org/dispatch-backend-redis cannot be loaded: no native part",
  });
  const other = await folder();
  await install(other.cwd, ESM, { "x.js": "export const other = 1;" });
  await expect(findBackend("redis", {}, other)).rejects.toThrow("exports no function fromOptions");
});
