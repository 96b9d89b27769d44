/** docs/conformance.md is what the suite says now. */
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { root } from "../tree.ts";
import { conformancePage, conformancePath, factsOf } from "./conformance-page.ts";
import { suite } from "./conformance-suite.ts";

const read = () => readFile(`${root}/${conformancePath}`, "utf8");

describe("docs/conformance.md", () => {
  test("is up to date: else run ./dev node tooling/docs/conformance.ts", async () => {
    expect(await read()).toBe(conformancePage(suite));
  });

  test("has a line to link to for each case, and the case that catches each mutant", async () => {
    const page = await read();
    const anchors = [...page.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, id]) => id);
    expect(anchors.toSorted()).toEqual(suite.cases.map(({ id }) => id).sort());
    const rows = [...page.matchAll(/^\| `([a-z-]+)` \| .+ \| \[`([^`]+)`\]\(#[^)]+\) \|$/gm)].map(([, id, by]) => [
      id,
      by,
    ]);
    expect(rows).toEqual(suite.mutants.map(({ id, caughtBy }) => [id, caughtBy]));
  });

  test("says of each case that some profile leaves out which facts decide", () => {
    for (const one of suite.cases) {
      const isLeftOut = suite.profiles.some((profile) => (one.when?.(profile) ?? true) !== true);
      if (isLeftOut) expect(factsOf(one, suite.profiles), one.id).not.toEqual([]);
    }
  });

  test("promises what the testkit's own page does", async () => {
    const page = await readFile(`${root}/packages/testkit/README.md`, "utf8");
    const rows = [...page.matchAll(/^\| ([IL]\d+) \| (.+) \|$/gm)].map(([, id, text]) => [id, text]);
    expect(rows).toEqual(Object.entries(suite.invariantTexts));
  });
});
