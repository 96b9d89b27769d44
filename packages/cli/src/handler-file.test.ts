import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defineTask } from "@org/dispatch-core";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { chooseTask, loadHandlerFile, tasksOf } from "./handler-file.ts";

const one = defineTask({ name: "one", handler: () => 1 });
const two = defineTask({ name: "two", handler: () => 2 });
const handler = async () => 0;

const namesOf = (module: unknown) => tasksOf("h.js", module).tasks.map((task) => task.name);

test.each<[string, unknown, string[], string | undefined]>([
  ["a default function", { default: handler }, ["default"], "default"],
  ["a default task", { default: one }, ["one"], "one"],
  ["named tasks", { one, two, helper: handler, limit: 3 }, ["one", "two"], undefined],
  ["a default function beside named tasks", { one, default: handler }, ["default", "one"], "default"],
  ["a task exported twice", { one, default: one }, ["one"], "one"],
  ["CommonJS with a function", { default: handler, "module.exports": handler }, ["default"], "default"],
  ["CommonJS with named tasks", { default: { one, two } }, ["one", "two"], undefined],
  ["CommonJS made of an ES module", { default: { __esModule: true, default: handler } }, ["default"], "default"],
])("%s", (_, module, names, defaultName) => {
  expect(namesOf(module)).toEqual(names);
  expect(tasksOf("h.js", module).defaultName).toBe(defaultName);
});

test.each<[string, unknown]>([
  ["nothing", {}],
  ["an object", { default: { a: 1 } }],
  ["functions that are no default", { work: handler }],
  ["null", { default: null }],
])("%s is no task", (_, module) => {
  expect(() => tasksOf("h.js", module)).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("the handler file h.js has no task"),
    }),
  );
});

test("two tasks of one name, and a name that cannot be, are refused", () => {
  const twin = defineTask({ name: "one", handler });
  expect(() => tasksOf("h.js", { one, twin })).toThrow('two tasks of the name "one"');
  expect(() => tasksOf("h.js", { bad: { name: "a b", handler } })).toThrow('a task of the name "a b"');
});

test("a run is of the named task, the only one, or the default", () => {
  const many = tasksOf("h.js", { one, two });
  expect(chooseTask(many, "two")).toBe(two);
  expect(() => chooseTask(many, undefined)).toThrow("has several tasks (one, two): choose one with --task");
  expect(() => chooseTask(many, "three")).toThrow('has no task "three"; it has one, two');
  expect(chooseTask(tasksOf("h.js", { one }), undefined)).toBe(one);
  expect(chooseTask(tasksOf("h.js", { one, default: handler }), undefined).name).toBe("default");
});

test("JavaScript, CommonJS and TypeScript load from the working folder", async () => {
  const cwd = await temporaryFolder("dispatch-handler");
  await mkdir(join(cwd, "sub"));
  const files = {
    "sub/esm.mjs": "export default async (payload) => payload;",
    "cjs.cjs": "module.exports = async (payload) => payload;",
    "typed.ts": "export default async (payload: { n: number }): Promise<number> => payload.n;",
  };
  for (const [path, text] of Object.entries(files)) {
    await writeFile(join(cwd, path), text);
    expect((await loadHandlerFile(path, cwd)).tasks.map((task) => task.name)).toEqual(["default"]);
  }
});

test("a file that is missing, a folder, broken or throws is one sentence", async () => {
  const cwd = await temporaryFolder("dispatch-handler");
  await writeFile(join(cwd, "throws.mjs"), "throw new Error('no database');");
  await writeFile(join(cwd, "broken.mjs"), "export default (");
  for (const [path, message] of [
    ["none.mjs", "the handler file none.mjs does not exist"],
    [".", "the handler file . is not a file"],
    ["throws.mjs", "the handler file throws.mjs cannot be loaded: no database"],
    ["broken.mjs", "the handler file broken.mjs cannot be loaded: "],
  ] as const)
    await expect(loadHandlerFile(path, cwd)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(message),
    });
});
