/**
 * `./dev node tooling/previous/main.ts COMMIT`: writes packages/testkit/fixtures/core-previous.js anew, the core of an earlier commit as one file. The
 * tests of rolling upgrades let its workers and coordinators share a broker with the build of this tree. To be done after each release that changes what
 * goes over the wire.
 */
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "tsup";
import { root } from "../tree.ts";

const output = `${root}/packages/testkit/fixtures/core-previous.js`;
const [commit] = process.argv.slice(2);
if (commit === undefined) {
  console.error("usage: ./dev node tooling/previous/main.ts COMMIT");
  process.exit(2);
}
const git = (...words: readonly string[]) => execFileSync("git", words, { cwd: root, maxBuffer: 2 ** 28 });
const name = git("rev-parse", "--verify", `${commit}^{commit}`).toString().trim();
const folder = await mkdtemp(join(tmpdir(), "dispatch-previous-"));
try {
  execFileSync("tar", ["-x", "-C", folder], { input: git("archive", name, "packages/core/src") });
  const written = join(folder, "dist");
  await build({
    entry: { core: join(folder, "packages/core/src/index.ts") },
    outDir: written,
    format: ["esm"],
    target: "node22",
    config: false,
    silent: true,
    minify: true,
    dts: false,
    removeNodeProtocol: false,
    outExtension: () => ({ js: ".js" }),
  });
  const code = await readFile(join(written, "core.js"), "utf8");
  await writeFile(
    output,
    `// @org/dispatch-core of commit ${name}, made by tooling/previous/main.ts. Do not edit.\n${code}`,
  );
  console.log(`${output}: ${code.length} bytes of ${name}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
