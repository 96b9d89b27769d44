/** docs/errors.md is what the table of codes says now. */
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { codes } from "../../packages/core/dist/index.js";
import { root } from "../tree.ts";
import { errorsPage, errorsPath } from "./errors-page.ts";

describe("docs/errors.md", () => {
  test("is up to date: else run ./dev node tooling/docs/errors.ts", async () => {
    expect(await readFile(`${root}/${errorsPath}`, "utf8")).toBe(errorsPage(codes));
  });

  test("has one row for each code, and no other", async () => {
    const page = await readFile(`${root}/${errorsPath}`, "utf8");
    const rows = [...page.matchAll(/^\| `([^`]+)` \| (.+) \| (yes|no) \|$/gm)].map(([, code, means, again]) => [
      code,
      { means, again: again === "yes" },
    ]);
    expect(rows).toEqual(Object.entries(codes));
  });
});
