/** What the manifests promise, and no other tool checks. */
import { readFile } from "node:fs/promises";
import { getPackages } from "@manypkg/get-packages";
import { expect, test } from "vitest";
import { root } from "./tree.ts";

test("what is named @org comes from this tree, never from a registry", async () => {
  const lock = await readFile(`${root}/pnpm-lock.yaml`, "utf8");
  const resolved = [...lock.matchAll(/'@org\/[^']+':\n +specifier: .*\n +version: (.*)\n/g)].map(
    ([, version]) => version,
  );
  expect(resolved.length).toBeGreaterThan(0);
  for (const version of resolved) expect(version).toMatch(/^link:/);
});

test("every published package has its licence, its engines, and types for both ways to load it", async () => {
  const { packages } = await getPackages(root);
  const published = packages.filter(({ packageJson }) => packageJson.private !== true);
  expect(published.map(({ packageJson }) => packageJson.name)).toContain("@org/dispatch-core");
  const licence = await readFile(`${root}/LICENSE`, "utf8");
  for (const { dir } of published) {
    expect(await readFile(`${dir}/LICENSE`, "utf8")).toBe(licence);
    const manifest = JSON.parse(await readFile(`${dir}/package.json`, "utf8"));
    expect(manifest).toMatchObject({ license: "MIT", type: "module", engines: { node: ">=22.19" } });
    expect(manifest.files).toContain("dist");
    expect(manifest).toHaveProperty("sideEffects");
    for (const [subpath, target] of Object.entries(manifest.exports)) {
      if (subpath.endsWith(".json")) continue;
      expect(target).toMatchObject({
        import: { types: expect.stringMatching(/\.d\.ts$/), default: expect.stringMatching(/\.js$/) },
        require: { types: expect.stringMatching(/\.d\.cts$/), default: expect.stringMatching(/\.cjs$/) },
      });
    }
  }
});

test("size-limit and its plugin have one and the same pinned version", async () => {
  const { devDependencies } = JSON.parse(await readFile(`${root}/package.json`, "utf8"));
  expect(devDependencies["size-limit"]).toMatch(/^\d+\.\d+\.\d+$/);
  expect(devDependencies["@size-limit/file"]).toBe(devDependencies["size-limit"]);
});
