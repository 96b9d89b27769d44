/** The table of docs/observability.md is what the package has now. */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { describeMetrics } from "../../packages/metrics/dist/index.js";
import { root } from "../tree.ts";
import { observabilityPath, withTable } from "./observability-page.ts";

test("docs/observability.md is up to date: else run ./dev node tooling/docs/observability.ts", async () => {
  const page = await readFile(`${root}/${observabilityPath}`, "utf8");
  expect(page).toBe(withTable(page, describeMetrics()));
});

test("a page without a place for the table is refused", () => {
  expect(() => withTable("# Metrics\n", describeMetrics())).toThrow("has no place for the table");
});
