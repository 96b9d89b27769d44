import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { capturedSurroundings } from "./captured-surroundings.ts";
import { main } from "./main.ts";

const memoryModule = import.meta.resolve("@org/dispatch-core/memory");
let cwd: string;
beforeEach(async () => {
  cwd = await temporaryFolder("dispatch-conformance");
});

const conformance = async (source: string, ...args: string[]) => {
  await writeFile(join(cwd, "backend.mjs"), `import { memory } from "${memoryModule}";\n${source}\n`);
  const around = capturedSurroundings({ cwd });
  const code = await main(["conformance", "backend.mjs", ...args], around);
  return { code, out: around.outText(), err: around.errText() };
};
const report = async (file = "conformance.json") => JSON.parse(await readFile(join(cwd, file), "utf8"));

test("a backend that holds: a line a case, a table, the report, exit 0", async () => {
  const { code, out, err } = await conformance(
    "export default (namespace) => memory({ namespace });",
    ...["--level", "seam", "--out", "sub/report.json"],
  );
  expect(err).toMatch(/^ok {8}seam\.send\.single\.roundtrip-identical {2}\d+ ms$/m);
  expect(out).toMatch(/^conformance of memory \(testkit .*\)$/m);
  expect(out).toMatch(/^seam\.send +\d+ +0 /m);
  expect(out).toMatch(/\n\d+ passed, 0 failed, \d+ left out by the profile, 0 skipped\n$/);
  expect(await report("sub/report.json")).toMatchObject({ backend: "memory", levels: ["seam"], totals: { failed: 0 } });
  expect(code).toBe(0);
});

test("a backend that is wrong: its cases are named with what was expected, exit 1, and the report lies where it always does", async () => {
  const { code, out } = await conformance(
    `export default (namespace) => {
       const inner = memory({ namespace });
       const renew = async (receipts) => receipts.map(() => "ok");
       return new Proxy(inner, { get: (of, key) => key === "renew" ? renew : typeof of[key] === "function" ? of[key].bind(of) : of[key] });
     };`,
    ...["--level", "seam"],
  );
  expect(out).toContain("FAILED    seam.lease.renew.after-loss-is-lost");
  expect(out).toContain("a lease that is over is not revived");
  expect((await report()).totals.failed).toBeGreaterThan(0);
  expect(code).toBe(1);
});

test("what a module exports beside its factory is an option of the suite", async () => {
  const { code, out } = await conformance(
    `export default (namespace) => memory({ namespace });
     export const skip = [{ id: "seam.move.is-one-step", reason: "not yet", issue: "#7" }];`,
    ...["--level", "seam"],
  );
  expect(out).toContain("SKIPPED   seam.move.is-one-step  not yet (#7)");
  expect(code).toBe(0);
});

test.each([
  ["no default export", "export const backend = memory;", "is to be a function (namespace) => Backend"],
  ["an asynchronous factory", "export default async (namespace) => memory({ namespace });", "answers no Backend"],
  ["a factory that throws", "export default () => { throw new Error('no url'); };", "threw: no url"],
  ["a hook that is no function", "export default memory; export const restart = 3;", "restart is not a function"],
  ["a module that throws", "throw new Error('not today');", "cannot be loaded: not today"],
])("%s is one line, and exit 2", async (_, source, words) => {
  const { code, err } = await conformance(source);
  expect(err).toMatch(/^dispatch: CONFIG_INVALID: [^\n]*\n$/);
  expect(err).toContain(words);
  expect(code).toBe(2);
});

test("a report takes the place of an earlier one, and of nothing else", async () => {
  const source = "export default (namespace) => memory({ namespace });";
  const once = () => conformance(source, "--level", "seam", "--out", "report.json");
  await writeFile(join(cwd, "report.json"), '{"mine":1}');
  const { code, err } = await once();
  expect([code, err]).toEqual([
    2,
    "dispatch: CONFIG_INVALID: the file report.json exists and is no conformance report; --out names another one\n",
  ]);
  expect(await report("report.json")).toEqual({ mine: 1 });
  await writeFile(join(cwd, "report.json"), "");
  expect((await once()).code).toBe(0);
  expect((await once()).code).toBe(0);
}, 60_000);

test("a module that is not there, and a level that is none, are exit 2", async () => {
  const around = capturedSurroundings({ cwd });
  expect(await main(["conformance", "nothing.mjs"], around)).toBe(2);
  expect(around.errText()).toContain("the module nothing.mjs does not exist");
  expect((await conformance("export default memory;", "--level", "all")).code).toBe(2);
});

test("without the testkit: its name, and exit 2", async () => {
  await writeFile(join(cwd, "backend.mjs"), "export default () => {};");
  const around = { ...capturedSurroundings({ cwd }), home: join(cwd, "bin.js") };
  expect(await main(["conformance", "backend.mjs"], around)).toBe(2);
  expect(around.errText()).toBe(
    "dispatch: CONFIG_INVALID: the package @org/dispatch-testkit is not installed; install @org/dispatch-testkit, then try again\n",
  );
});
