/** Turbo's cache: an unchanged task is a hit, and what a task is made of is what changes its hash. */
import { appendFile, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { beforeEach, expect, test } from "vitest";
import { run } from "./command.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { copyTree, root } from "./tree.ts";

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder("turbo");
  const files = [
    ".gitignore",
    "package.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "turbo.json",
    "tsconfig.base.json",
  ];
  await copyTree(folder, [...files, "packages", "examples", "tooling"]);
  await symlink(`${root}/node_modules`, `${folder}/node_modules`);
  // A core of one line: what is looked at is turbo, not the compiler.
  await rm(`${folder}/packages/core/src`, { recursive: true });
  await mkdir(`${folder}/packages/core/src`);
  await writeFile(`${folder}/packages/core/src/errors.ts`, "export const one = 1;\n");
});

test("the second run of an unchanged task is a cache hit", async () => {
  expect(await typecheck()).toContain("0 cached, 1 total");
  expect(await typecheck()).toContain("1 cached, 1 total");
  await appendFile(`${folder}/packages/core/src/errors.ts`, "// changed\n");
  expect(await typecheck()).toContain("0 cached, 1 total");
});

test.each([
  ["a source", "packages/core/src/errors.ts", true],
  ["the shared build configuration", "tooling/tsup.ts", true],
  ["the shared compiler options", "tsconfig.base.json", true],
  ["a package's manifest", "packages/core/package.json", true],
  ["a test", "packages/core/src/errors.test.ts", false],
  ["another package", "packages/testkit/src/index.ts", false],
])("a change of %s", async (_, file, isNewBuild) => {
  const before = await buildHash();
  expect(await buildHash()).toBe(before);
  await appendFile(`${folder}/${file}`, "\n");
  expect((await buildHash()) !== before).toBe(isNewBuild);
});

/** Runs the type check of core, with a cache of its own, and answers with what turbo says. */
async function typecheck(): Promise<string> {
  const { code, output } = await turbo(["typecheck", "--output-logs=errors-only"]);
  if (code !== 0) throw new Error(output);
  return output;
}

/** The hash under which core's build is cached. */
async function buildHash(): Promise<string> {
  const { stdout, output } = await turbo(["build", "--dry=json"]);
  if (!stdout.startsWith("{")) throw new Error(output);
  const { tasks }: { tasks: { taskId: string; hash: string }[] } = JSON.parse(stdout);
  const hash = tasks.find(({ taskId }) => taskId === "@org/dispatch-core#build")?.hash;
  if (hash === undefined) throw new Error(output);
  return hash;
}

const turbo = (args: readonly string[]) =>
  run(["turbo", "run", ...args, "--filter=@org/dispatch-core", "--cache-dir=.turbo/cache"], { cwd: folder });
