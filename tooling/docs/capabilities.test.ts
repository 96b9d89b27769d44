/** docs/capabilities.md is what the reports say, and the reports are those of the backends as they are now. */
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { cases, leftOut } from "../../packages/testkit/dist/index.js";
import { subjects } from "../conformance/subjects.ts";
import { root } from "../tree.ts";
import { capabilitiesPage, capabilitiesPath } from "./capabilities-page.ts";
import { levels, readReports } from "./capabilities-reports.ts";

const reports = await readReports();
const anew = "run ./dev node tooling/docs/capabilities.ts";

test("docs/capabilities.md is up to date", async () => {
  expect(await readFile(`${root}/${capabilitiesPath}`, "utf8"), anew).toBe(capabilitiesPage(reports));
});

test("no report has a case that failed, and each skip says why", () => {
  for (const { cases: some } of reports)
    for (const { id, status, reason, issue } of some) {
      expect(status, id).not.toBe("failed");
      if (status === "skipped") expect([reason, issue], id).toEqual([expect.any(String), expect.any(String)]);
    }
});

describe.each(Object.entries(subjects).filter(([, { factory }]) => factory !== undefined))(
  "the report of %s",
  (name, subject) => {
    const report = reports.find(({ backend }) => backend === name);
    const profile = subject.factory?.()("facts").profile;

    test("has the profile as it is", () => {
      expect(report?.profile, anew).toEqual(profile);
    });

    test("has every case that there is, left out by the fact that does so now", () => {
      const applying = cases.filter(({ level }) => (levels as readonly string[]).includes(level));
      const now = applying.map((one) => [one.id, profile === undefined ? undefined : leftOut(one, profile)]);
      expect(Object.fromEntries(report?.cases.map(({ id, fact }) => [id, fact]) ?? []), anew).toEqual(
        Object.fromEntries(now),
      );
      for (const { id, status, fact } of report?.cases ?? [])
        expect(status, id).toBe(fact === undefined ? "passed" : "left-out");
    });
  },
);
