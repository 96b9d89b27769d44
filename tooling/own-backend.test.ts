/**
 * examples/own-backend as its author has it: a package outside of this tree, with core and the testkit from their tarballs, installed without a network. Its
 * suite is green at every level that applies to its profile, and a profile that claims more than it keeps is caught.
 */
import { access, cp, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { run } from "./command.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { root } from "./tree.ts";

/** Run by `npm test`, this process has npm's own variables, which would tell the npm below about the wrong project. */
const env: Record<string, string | undefined> = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => name.startsWith("npm_"))
    .map((name) => [name, undefined]),
);
// Node's own runner takes a test process that is started by another runner for a part of that.
env.NODE_TEST_CONTEXT = undefined;

let folder: string;
const here = (argv: readonly string[], timeoutMs: number) => run(argv, { cwd: folder, env, timeoutMs });

beforeAll(async () => {
  folder = await temporaryFolder("own-backend");
  env.OWN_BACKEND_ROOT = join(folder, "queues");
  await cp(`${root}/examples/own-backend`, folder, {
    recursive: true,
    filter: (path) => !path.includes("node_modules"),
  });
  for (const name of ["core", "testkit"]) {
    const packed = await run(["npm", "pack", "--pack-destination", folder], { cwd: `${root}/packages/${name}`, env });
    if (packed.code !== 0) throw new Error(packed.output);
  }
  const { version } = JSON.parse(await readFile(`${root}/packages/core/package.json`, "utf8"));
  const tarballs = ["core", "testkit"].map((name) => `./org-dispatch-${name}-${version}.tgz`);
  const { code, output } = await here(["npm", "install", "--offline", "--no-audit", "--no-fund", ...tarballs], 50_000);
  if (code !== 0) throw new Error(output);
});

test("nothing but the two packages is installed, and none of this tree", async () => {
  const { stdout } = await here(["npm", "ls", "--all", "--parseable"], 20_000);
  const names = stdout.trim().split("\n").slice(1).map((path) => path.slice(folder.length)).sort(); // biome-ignore format: one line
  expect(names).toEqual(["/node_modules/@org/dispatch-core", "/node_modules/@org/dispatch-testkit"]);
  await expect(access(`${folder}/node_modules/vitest`)).rejects.toThrow();
});

test("its types agree with those of the packages", async () => {
  await symlink(`${root}/node_modules/@types`, `${folder}/node_modules/@types`);
  const { code, output } = await here(["tsc", "-p", "."], 60_000);
  expect(code, output).toBe(0);
});

test("its suite is green", { timeout: 240_000 }, async () => {
  const { code, output } = await here([process.execPath, "--test", "--test-reporter=tap", "test/conformance.test.ts"], 230_000); // biome-ignore format: one line
  expect(code, output).toBe(0);
  const report = JSON.parse(await readFile(`${folder}/.reports/conformance/directory.json`, "utf8"));
  expect(report).toMatchObject({
    ...{ backend: "directory", isComplete: true, levels: ["seam", "system"] },
    ...{ totals: { failed: 0, skipped: 0 }, profile: { reach: "network", fencing: "strict" } },
  });
  expect(report.totals.passed).toBeGreaterThan(80);
  for (const { status, fact } of report.cases) if (status === "left-out") expect(fact).toBeTruthy();
});

test("a profile that claims more than it keeps is caught, by the cases about it", { timeout: 60_000 }, async () => {
  // As it would be without the grant in the file's name: whoever held the frame once may settle it.
  await writeFile(
    `${folder}/liar.test.ts`,
    `import { cases, runCase } from "@org/dispatch-testkit";
import { directory, DirectoryBackend } from "./src/index.ts";
class Liar extends DirectoryBackend {
  override async settle(settlements, signal) {
    await super.settle(settlements, signal);
    return settlements.map(() => "ok");
  }
}
const root = process.env.OWN_BACKEND_ROOT;
const one = cases.find(({ id }) => id === "seam.settle.stale-holder-cannot-ack");
const factories = [(namespace) => new Liar(root, { namespace }), (namespace) => directory(root, { namespace })];
const said = factories.map((backend) => runCase(one, { backend }).then(() => "passed", (error) => error.message));
console.log((await Promise.all(said)).join("\\n"));`,
  );
  const { stdout, output } = await here([process.execPath, "liar.test.ts"], 50_000);
  expect(stdout, output).toContain("where fencing is strict, a holder whose lease is over is refused");
  expect(stdout.trimEnd().split("\n").at(-1)).toBe("passed");
});
