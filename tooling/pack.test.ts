/** The packages as a stranger gets them: packed, installed by npm into an empty project, used from `import` and from `require`. */
import { readFile, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { run } from "./command.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { root } from "./tree.ts";

const packages = [
  "core",
  "testkit",
  "cli",
  "backend-redis",
  "backend-sqs",
  "backend-kafka",
  "backend-rabbitmq",
  "metrics",
  "otel",
];

/** What `npm pack --json` says of a tarball, as far as it is read here. */
interface Packed {
  readonly filename: string;
  readonly version: string;
  readonly files: readonly { readonly path: string }[];
}

const uses = (load: (name: string, from: string) => string) => `
${load("{ Dispatcher, Worker, defineTask }", "@org/dispatch-core")}
${load("{ memory }", "@org/dispatch-core/memory")}
${load("contract", "@org/dispatch-core/contract")}
${load("testkit", "@org/dispatch-testkit")}
${load("cli", "@org/dispatch-cli")}
${load("{ redis }", "@org/dispatch-backend-redis")}
${load("{ sqs }", "@org/dispatch-backend-sqs")}
${load("{ kafka }", "@org/dispatch-backend-kafka")}
${load("{ rabbitmq }", "@org/dispatch-backend-rabbitmq")}
${load("{ Metrics }", "@org/dispatch-metrics")}
${load("{ Traces }", "@org/dispatch-otel")}

async function main() {
  const backend = memory();
  const double = defineTask({ name: "double", handler: (number) => number * 2 });
  const worker = await Worker.start(backend, double);
  const dispatcher = await Dispatcher.open(backend);
  const results = await dispatcher.run(double, [1, 2, 3]).results();
  await dispatcher.close();
  await worker.stop();
  await backend.close();
  const values = results.map(({ outcome, value }) => outcome + " " + value).sort();
  const backends = [redis(), sqs(), kafka(), rabbitmq()].map(({ name }) => name);
  console.log(JSON.stringify({ values, loaded: [typeof contract, typeof testkit, typeof cli, ...backends, typeof Metrics.open().registry, typeof Traces.open().tracer] }));
}
main();
`;
const esm = uses((name, from) => `import ${name.startsWith("{") ? name : `* as ${name}`} from "${from}";`);
const cjs = uses((name, from) => `const ${name} = require("${from}");`);

/** Run by `npm test`, this process has npm's own variables, which would tell the npm below about the wrong project. */
const env = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => name.startsWith("npm_"))
    .map((name) => [name, undefined]),
);

let folder: string;
const packed = new Map<string, Packed>();
beforeAll(async () => {
  folder = await temporaryFolder("packed");
  for (const name of packages) {
    const argv = ["npm", "pack", "--json", "--pack-destination", folder];
    const { stdout, output } = await run(argv, { cwd: `${root}/packages/${name}`, env });
    const [tarball] = readPacked(stdout, output);
    if (tarball !== undefined) packed.set(name, tarball);
  }
  await writeFile(`${folder}/package.json`, '{ "name": "stranger", "private": true }\n');
  const tarballs = [...packed.values()].map(({ filename }) => `./${filename}`);
  const argv = [
    "npm",
    "install",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    "--strict-peer-deps",
    "ioredis@6",
    "@aws-sdk/client-sqs@3",
    "kafkajs@2",
    "amqplib@2",
    "prom-client@15",
    "@opentelemetry/api@1",
    ...tarballs,
  ];
  const { code, output } = await run(argv, { cwd: folder, env, timeoutMs: 50_000 });
  if (code !== 0) throw new Error(output);
});

describe.each(packages)("the tarball of %s", (name) => {
  test("holds its licence, its README, its manifest and what is built, nothing else", () => {
    const files = packed.get(name)?.files.map(({ path }) => path) ?? [];
    expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "package.json"]));
    const belongs = /^(LICENSE|README\.md|package\.json|dist\/[^/]+\.(js|cjs|d\.ts|d\.cts)|schema\/[^/]+\.json)$/;
    expect(files.filter((path) => !belongs.test(path))).toEqual([]);
  });

  test("names no workspace, and no dependency that a peer has to be", async () => {
    const manifest = JSON.parse(await readFile(`${folder}/node_modules/@org/dispatch-${name}/package.json`, "utf8"));
    const { dependencies = {}, peerDependencies = {} } = manifest;
    expect(JSON.stringify({ dependencies, peerDependencies })).not.toContain("workspace:");
    expect(Object.keys(dependencies).filter((dependency) => dependency in peerDependencies)).toEqual([]);
    if (name === "core") expect({ dependencies, peerDependencies }).toEqual({ dependencies: {}, peerDependencies: {} });
  });
});

test.each([
  ["import", "use.mjs", esm],
  ["require", "use.cjs", cjs],
])("works from %s", async (_, file, source) => {
  await writeFile(`${folder}/${file}`, source);
  const { code, stdout, output } = await run([process.execPath, file], { cwd: folder });
  if (code !== 0) throw new Error(output);
  expect(JSON.parse(stdout)).toEqual({
    values: ["completed 2", "completed 4", "completed 6"],
    loaded: ["object", "object", "object", "redis", "sqs", "kafka", "rabbitmq", "object", "object"],
  });
});

test("core's types stand alone: a program that checks them too needs none of Node's", async () => {
  const { exports } = JSON.parse(await readFile(`${folder}/node_modules/@org/dispatch-core/package.json`, "utf8"));
  const entries = Object.keys(exports).filter((path) => !path.endsWith(".json"));
  expect(entries).toContain("./adapter-kit");
  const imports = entries.map((path, at) => `export * as entry${at} from "@org/dispatch-core${path.slice(1)}";\n`);
  await writeFile(`${folder}/types.mts`, imports.join(""));
  await writeFile(`${folder}/types.cts`, imports.join(""));
  const options = ["--noEmit", "--strict", "--target", "esnext", "--module", "nodenext"];
  const { code, output } = await run(["tsc", ...options, "types.mts", "types.cts"], { cwd: folder });
  expect(code, output).toBe(0);
});

test("installs the command", async () => {
  const { code, stdout } = await run([`${folder}/node_modules/.bin/dispatch`, "--version"], { cwd: folder });
  expect([code, stdout]).toEqual([0, `${packed.get("cli")?.version}\n`]);
});

/** npm answers with a list, or (from npm 12 on) with an object by package name. */
function readPacked(stdout: string, output: string): readonly Packed[] {
  try {
    return Object.values(JSON.parse(stdout));
  } catch {
    throw new Error(output);
  }
}
