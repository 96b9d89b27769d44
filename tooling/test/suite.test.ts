/** Real runs of vitest in a folder of their own: none that broke is taken for one that held. */
import { symlink, writeFile } from "node:fs/promises";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";
import { root } from "../tree.ts";
import { runSuite } from "./suite.ts";
import { closingLine } from "./tally.ts";

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder("suite");
  await symlink(`${root}/node_modules`, `${folder}/node_modules`);
  await writeFile(`${folder}/holds.test.js`, 'import { test } from "vitest";\ntest("holds", () => {});\n');
});

test.each([
  ["holds", "", "1 passed, 0 failed"],
  ["fails", 'test("fails", () => { throw new Error("no"); });', "1 passed, 1 failed"],
  ["is left out", 'test.skip("is left out", () => {});', "1 passed, 0 failed, 1 skipped"],
  ["is to be written", 'test.todo("is to be written");', "1 passed, 0 failed, 1 skipped"],
  [
    "leaves a rejection behind",
    'test("seems well", () => { Promise.reject(new Error("late")); });',
    "2 passed, 1 failed",
  ],
  [
    "leaves a folder behind",
    'test("is untidy", async () => (await import("node:fs")).mkdtempSync(process.env.TMPDIR + "/left-"));',
    "2 passed, 1 failed",
  ],
  ["says a secret", 'test("tells", () => console.log(["canary", "secret", "0000"].join("-")));', "2 passed, 1 failed"],
  [
    "starts a process that says a secret",
    'test("tells", async () => (await import("node:child_process")).execFileSync(process.execPath, ["--eval", "console.error(String.raw`canary`+`-secret-0000`)"], { stdio: "pipe" }));',
    "2 passed, 1 failed",
  ],
  [
    "starts a process whose result is a payload",
    'test("tells", async () => (await import("node:child_process")).execFileSync(process.execPath, ["--eval", "console.log(String.raw`canary`+`-value-0000`)"], { stdio: "pipe" }));',
    "2 passed, 0 failed",
  ],
  ["cannot be loaded", 'import "./nothing.js";', "1 passed, 1 failed"],
  [
    "has a set-up that fails",
    'beforeAll(() => { throw new Error("no"); });\ntest("never runs", () => {});',
    "1 passed, 1 failed, 1 skipped",
  ],
  ["kills its process", 'test("kills", () => process.kill(process.pid, "SIGKILL"));', "1 passed, 1 failed"],
])("a suite with one test that holds, and one that %s", async (_, source, line) => {
  const head = 'import { beforeAll, test } from "vitest";\n';
  if (source !== "") await writeFile(`${folder}/other.test.js`, `${head}${source}\n`);
  const tally = await runSuite({ name: "tests", node: process.execPath, args: [], folder, shown: false });
  expect(closingLine(tally)).toBe(line);
});

test("a suite without tests", async () => {
  const tally = await runSuite({ name: "tests", node: process.execPath, args: ["nothing"], folder, shown: false });
  expect(tally).toEqual({ passed: 0, failures: ["no test ran"], skipped: 0 });
});

test("a Node that is not there", async () => {
  const tally = await runSuite({ name: "tests", node: `${folder}/node`, args: [], folder, shown: false });
  expect(closingLine(tally)).toBe("0 passed, 1 failed");
});
