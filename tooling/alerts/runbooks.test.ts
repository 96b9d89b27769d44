/** Alerts, their pages and the dashboards hold together, and what the pages say to type exists. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { codes } from "../../packages/core/dist/index.js";
import { asAsked, boards } from "../grafana/boards.ts";
import { readArguments } from "../services/arguments.ts";
import { services } from "../services/services.ts";
import { root } from "../tree.ts";
import { isSeries, metricsIn } from "./known-series.ts";
import { readAlerts } from "./rules.ts";
import { commandsIn, readIndex, readRunbooks, wordsOf } from "./runbooks.ts";

const SECTIONS = ["Meaning", "Impact", "Confirm", "Causes, the likeliest first", "Resolve", "Verify"];
/** In capitals, as codes are, and none. */
const NO_CODES = ["FLUSHALL"];

const alerts = await readAlerts();
const pages = await readRunbooks();
const index = await readIndex();
const drawn = new Map(
  boards.flatMap(({ name, rows }) => rows.flatMap(({ panels }) => panels.map(({ title, queries }) => [`${name}: ${title}`, queries.flatMap(({ expr }) => metricsIn(asAsked(expr)))]))), // biome-ignore format: one line
);

test("each alert has one page, and each page an alert", () => {
  expect(pages.map(({ title }) => title).sort()).toEqual(alerts.map(({ alert }) => alert).sort());
});

test.each(alerts)("$alert leads to its page", ({ alert, annotations, labels }) => {
  const page = pages.find(({ title }) => title === alert);
  expect(annotations.runbook_url).toBe(page?.url);
  const severity = labels.severity ?? "";
  expect(page?.text).toContain(`\n${severity[0]?.toUpperCase()}${severity.slice(1)}. Fires when`);
  expect(index).toContain(`\n| [${alert}](${page?.file}) | ${severity} | ${page?.firesWhen} |\n`);
});

test.each(alerts)("$alert shows in panels that its page names", ({ alert, expr }) => {
  const { panels = [] } = pages.find(({ title }) => title === alert) ?? {};
  expect(panels.length).toBeGreaterThan(0);
  for (const panel of panels) expect([...drawn.keys()]).toContain(panel);
  const shown = panels.flatMap((panel) => drawn.get(panel) ?? []);
  expect(shown).toEqual(expect.arrayContaining(metricsIn(expr)));
});

describe.each([...pages, { file: "README.md", text: index, sections: undefined }])("$file", ({ text, sections }) => {
  test("has all parts, and commands where somebody has to type", () => {
    if (sections === undefined) return expect(text).toMatch(/^# Runbook\n/);
    expect(sections.map(([heading]) => heading)).toEqual(SECTIONS);
    for (const [, body] of sections) expect(body).toMatch(/\S+ \S+/);
    const of = new Map(sections);
    expect(of.get("Causes, the likeliest first")).toMatch(/^1\. [\s\S]+^2\. /m);
    for (const heading of ["Confirm", "Resolve"]) expect(of.get(heading)).toContain("```sh\n");
  });

  test("links to what is there", () => {
    const links = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link = ""]) => link);
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) expect([link, existsSync(`${root}/docs/runbook/${link}`)]).toEqual([link, true]);
  });

  test("names metrics, events and codes that exist", async () => {
    const commands = commandsIn(text);
    const asked = commands.flatMap((line) => [...line.matchAll(/\^?dispatch_([a-z_]*)(?:\(([a-z_|]+)\))?([a-z_]*)/g)]);
    for (const [, before = "", choice = "", after = ""] of asked)
      for (const word of choice.split("|")) expect(`dispatch_${before}${word}${after}`).toSatisfy(isSeries);
    const events = await readFile(`${root}/packages/core/src/contract/events.ts`, "utf8");
    for (const line of commands)
      for (const [, event = ""] of line.matchAll(/"event":"(\w+)"/g)) expect(events).toContain(`"${event}"`);
    for (const [, word = ""] of text.matchAll(/[`"]([A-Z]{3,}(?:_[A-Z]+)*)[`"]/g)) expect([...Object.keys(codes), ...NO_CODES]).toContain(word); // biome-ignore format: one line
  });

  test("types commands of ./dev that there are", () => {
    const typed = commandsIn(text)
      .map(wordsOf)
      .filter(([program]) => program === "./dev");
    for (const [, command, ...rest] of typed) {
      expect(command).toBe("services");
      expect(() => readArguments(rest, services)).not.toThrow();
    }
  });
});

test("a page's parts, panels and commands are found", () => {
  expect(pages.every(({ panels }) => panels.length > 1)).toBe(true);
  expect(commandsIn("a `dispatch explain --json` b `dispatch: CODE`\n```sh\nls \\\n -l\n\ndispatch x\n```\n")).toEqual(["ls   -l", "dispatch x", "dispatch explain --json"]); // biome-ignore format: one line
  expect(wordsOf("dispatch dead show 'a b' --json | head")).toEqual(["dispatch", "dead", "show", "a b", "--json"]);
});
