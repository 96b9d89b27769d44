import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { refusalOf } from "./node-floor.ts";

const manifest = new URL("../package.json", import.meta.url);

test.each(["22.19.0", "22.20.1", "23.0.0", "24.3.0", "100.1.0", "23.0.0-nightly"])("%s will do", (version) => {
  expect(refusalOf(version, ">=22.19")).toBeUndefined();
});

test.each(["22.18.9", "22.2.0", "20.11.0", "9.99.0", "22.18.0-nightly"])("%s is refused, in one line", (version) => {
  expect(refusalOf(version, ">=22.19")).toBe(`dispatch: CONFIG_INVALID: needs Node 22.19 or later, this is ${version}`);
});

test("a range that it cannot read is no free pass; that of the package is one that it can", async () => {
  expect(() => refusalOf("24.0.0", "^22.19 || >=24")).toThrow("not >=MAJOR.MINOR");
  const { engines } = JSON.parse(await readFile(manifest, "utf8"));
  expect(refusalOf("1.0.0", engines.node)).toContain(`Node ${engines.node.slice(2)} or later`);
  expect(refusalOf(process.versions.node, engines.node)).toBeUndefined();
});
