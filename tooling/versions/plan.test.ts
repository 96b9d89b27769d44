/** The version plan, on a small workspace with this tree's own configuration: what a change of core does to an adapter. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";
import { copyTree, root } from "../tree.ts";
import { planVersions } from "./plan.ts";

const core = "@org/dispatch-core";
const testkit = "@org/dispatch-testkit";
const adapter = "@org/dispatch-backend-fake";
const other = "@org/dispatch-backend-other";

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder("versions");
  await copyTree(folder, [".changeset/config.json"]);
  await write("pnpm-workspace.yaml", "packages:\n  - packages/*\n");
  await write("package.json", JSON.stringify({ name: "workspace", private: true }));
  const peerDependencies = { [core]: "^1.2.0" };
  for (const manifest of [
    { name: core, version: "1.2.0" },
    { name: testkit, version: "1.2.0", peerDependencies },
    { name: adapter, version: "3.1.0", peerDependencies },
    { name: other, version: "1.0.4", peerDependencies },
  ]) {
    await write(`packages/${manifest.name.replace("@org/", "")}/package.json`, JSON.stringify(manifest));
  }
});

test.each(["patch", "minor"])("a %s of core stays within the adapters' peer range and bumps none", async (type) => {
  await changeset(core, type);
  const version = type === "minor" ? "1.3.0" : "1.2.1";
  expect(await versions()).toEqual({ [core]: version, [testkit]: version });
});

test("a major of core is a major of every adapter", async () => {
  await changeset(core, "major");
  expect(await versions()).toEqual({ [core]: "2.0.0", [testkit]: "2.0.0", [adapter]: "4.0.0", [other]: "2.0.0" });
});

test("a major of core lifts a smaller change of an adapter to a major, and asks for nothing twice", async () => {
  await changeset(core, "major");
  await changeset(adapter, "minor");
  await changeset(other, "major");
  expect((await planVersions(folder)).addition?.releases).toEqual([{ name: adapter, type: "major" }]);
  expect(await versions()).toEqual({ [core]: "2.0.0", [testkit]: "2.0.0", [adapter]: "4.0.0", [other]: "2.0.0" });
});

test("adapters go their own ways, and leave core and its testkit alone", async () => {
  await changeset(adapter, "major");
  expect(await versions()).toEqual({ [adapter]: "4.0.0" });
});

test("testkit and core have one version", async () => {
  await changeset(testkit, "minor");
  expect(await versions()).toEqual({ [core]: "1.3.0", [testkit]: "1.3.0" });
});

test("the changesets of this tree name its packages, and make a plan", async () => {
  await expect(planVersions(root)).resolves.toHaveProperty("releases");
});

async function write(file: string, text: string): Promise<void> {
  await mkdir(join(folder, file, ".."), { recursive: true });
  await writeFile(join(folder, file), text);
}

const changeset = (name: string, type: string): Promise<void> =>
  write(`.changeset/${name.replace("@org/", "")}-${type}.md`, `---\n"${name}": ${type}\n---\n\nA change.\n`);

/** The new version of each package that gets one. */
async function versions(): Promise<Record<string, string | undefined>> {
  const { releases } = await planVersions(folder);
  return Object.fromEntries(
    releases.filter(({ type }) => type !== "none").map(({ name, newVersion }) => [name, newVersion]),
  );
}
