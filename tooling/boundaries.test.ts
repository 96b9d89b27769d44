/** The import boundaries, on a small tree of its own: it is clean, and each rule finds the violation that is planted for it. */
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { run } from "./command.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { copyTree, root } from "./tree.ts";

const stages = ["plan", "send", "codec", "work", "lease", "settle", "result"];

/** What every rule allows. */
const clean: Readonly<Record<string, string>> = {
  "packages/core/src/contract/index.ts": 'export type * from "./frame.ts";',
  "packages/core/src/contract/frame.ts": "export type Frame = Uint8Array;",
  "packages/core/src/errors.ts":
    'import type { Frame } from "./contract/index.ts";\nexport const error = (of: Frame) => of;',
  "packages/core/src/names.ts": 'import { error } from "./errors.ts";\nexport const name = error;',
  ...Object.fromEntries(
    stages.map((stage) => [
      `packages/core/src/${stage}/${stage}.ts`,
      'import type { Frame } from "../contract/index.ts";\nimport { name } from "../names.ts";\nexport const stage = (of: Frame) => name(of);',
    ]),
  ),
  "packages/core/src/dispatcher.ts": 'import "./plan/plan.ts";\nimport "./send/send.ts";\nimport "./work/work.ts";',
  "packages/core/src/memory/index.ts": 'import "../errors.ts";',
  "packages/core/src/plan/plan.test.ts": 'import "../send/send.ts";\nimport "library";',
  "packages/core/src/index.ts": 'import "./dispatcher.ts";',
  "packages/core/dist/index.js": "export {};",
  "packages/core/package.json": '{ "name": "@org/dispatch-core", "type": "module", "exports": "./dist/index.js" }',
  "packages/testkit/src/index.ts": 'import "@org/dispatch-core";',
  "packages/testkit/dist/index.js": 'import "@org/dispatch-core";',
  "packages/testkit/package.json":
    '{ "name": "@org/dispatch-testkit", "type": "module", "exports": "./dist/index.js" }',
  "packages/backend-a/src/index.ts": 'import "@org/dispatch-core";\nimport "library";',
  "packages/backend-a/dist/index.js": "export {};",
  "packages/backend-a/package.json":
    '{ "name": "@org/dispatch-backend-a", "type": "module", "exports": "./dist/index.js" }',
  "examples/one/src/main.ts": 'import "@org/dispatch-core";',
  "tooling/bench.ts": 'import "@org/dispatch-core";',
  "node_modules/library/index.js": "export {};",
  "node_modules/library/package.json": '{ "name": "library", "type": "module", "exports": "./index.js" }',
};

/** The planted violations: the rule that must find it, the file, and what it imports. */
const planted: readonly (readonly [rule: string, file: string, imports: string])[] = [
  ["contract-imports-nothing", "packages/core/src/contract/wrong-file.ts", "../errors.ts"],
  ["contract-imports-nothing", "packages/core/src/contract/wrong-builtin.ts", "node:fs"],
  ...stages.map(
    (stage) => ["stage-imports-few", `packages/core/src/${stage}/wrong-memory.ts`, "../memory/index.ts"] as const,
  ),
  ...stages.map((stage) => {
    const other = stage === "plan" ? "send" : "plan";
    return ["stage-imports-few", `packages/core/src/${stage}/wrong-stage.ts`, `../${other}/${other}.ts`] as const;
  }),
  ...stages.map(
    (stage) =>
      [`stage-reaches-no-other-${stage}`, `packages/core/src/${stage}/wrong-assembly.ts`, "../dispatcher.ts"] as const,
  ),
  ["memory-imports-contract", "packages/core/src/memory/wrong-file.ts", "../dispatcher.ts"],
  ["adapter-kit-imports-contract", "packages/core/src/adapter-kit/wrong-file.ts", "../dispatcher.ts"],
  ["blobs-import-contract", "packages/core/src/blobs/wrong-file.ts", "../dispatcher.ts"],
  ["core-imports-no-package", "packages/core/src/wrong-package.ts", "@org/dispatch-testkit"],
  ["core-imports-no-package", "packages/core/src/wrong-package.test.ts", "@org/dispatch-testkit"],
  ["core-has-no-dependency", "packages/core/src/wrong-dependency.ts", "library"],
  ["adapter-imports-no-adapter", "packages/backend-b/src/wrong-adapter.ts", "@org/dispatch-backend-a"],
  ["no-src-of-others", "packages/testkit/src/wrong-src.ts", "../../core/src/names.ts"],
  ["no-src-outside", "examples/one/src/wrong-src.ts", "../../../packages/core/src/names.ts"],
  ["no-src-outside", "tooling/wrong-src.ts", "../packages/core/src/names.ts"],
  ["no-cycles", "packages/core/src/errors.ts", "./names.ts"],
  ["nothing-unresolved", "packages/testkit/src/wrong-name.ts", "no-such-package"],
];

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder("boundaries");
  await copyTree(folder, [".dependency-cruiser.cjs", "tsconfig.base.json"]);
  for (const [file, text] of Object.entries(clean)) await write(file, text);
  await mkdir(`${folder}/node_modules/@org`);
  await symlink("../../packages/core", `${folder}/node_modules/@org/dispatch-core`);
  await symlink("../../packages/testkit", `${folder}/node_modules/@org/dispatch-testkit`);
  await symlink("../../packages/backend-a", `${folder}/node_modules/@org/dispatch-backend-a`);
});

test("what the rules allow passes", async () => {
  expect(await violations()).toEqual([]);
});

test("every rule finds what is planted for it", async () => {
  for (const [, file, imports] of planted) await write(file, `import "${imports}";`);
  const found = await violations();
  for (const [rule, file] of planted) expect(found).toContain(`${rule} ${file}`);
  const rules: { forbidden: { name: string }[] } = (await import(`${root}/.dependency-cruiser.cjs`)).default;
  expect(new Set(planted.map(([rule]) => rule))).toEqual(new Set(rules.forbidden.map(({ name }) => name)));
});

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(`${folder}/${file}`), { recursive: true });
  await writeFile(`${folder}/${file}`, `${text}\n`);
}

/** Each as `rule file`. */
async function violations(): Promise<string[]> {
  const { stdout, output } = await run(["depcruise", "packages", "examples", "tooling", "--output-type", "json"], {
    cwd: folder,
  });
  if (!stdout.startsWith("{")) throw new Error(output);
  const { summary }: { summary: { violations: { rule: { name: string }; from: string }[] } } = JSON.parse(stdout);
  return summary.violations.map(({ rule, from }) => `${rule.name} ${from}`);
}
