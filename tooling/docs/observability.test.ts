/** docs/observability.md: its tables are what there is now, its links lead somewhere, and its YAML and its commands are taken. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { commandsIn, wordsOf } from "../alerts/runbooks.ts";
import { readArguments } from "../services/arguments.ts";
import { services } from "../services/services.ts";
import { root } from "../tree.ts";
import { observabilityPath, withTables } from "./observability-page.ts";
import { readSources } from "./observability-sources.ts";

const sources = await readSources();
const page = await readFile(`${root}/${observabilityPath}`, "utf8");

test("the tables are up to date: else run ./dev node tooling/docs/observability.ts", () => {
  expect(page).toBe(withTables(page, sources));
});

test("a page without a place for one is refused", () => {
  expect(() => withTables("# Metrics\n", sources)).toThrow("has no place for metrics");
});

test("every event has its level", async () => {
  const events = [...sources.levels.values()].flat();
  expect(new Set(events).size).toBe(events.length);
  expect(events).toEqual(expect.arrayContaining(["queue_dispatched", "queue_completed", "queue_requeued", "heartbeat_timeout", "beat_sent", "beat_received", "call"])); // biome-ignore format: one line
});

test("links lead to what is there", () => {
  const links = [...page.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link = ""]) => link);
  for (const link of links) expect([link, existsSync(`${root}/docs/${link}`)]).toEqual([link, true]);
});

test("the commands of ./dev are there", async () => {
  const cases = [...(await readFile(`${root}/dev`, "utf8")).matchAll(/^ {2}([a-z |]+)\)/gm)];
  const commands = cases.flatMap(([, names = ""]) => names.split(" | "));
  const typed = commandsIn(page).map(wordsOf).filter(([program]) => program === "./dev"); // biome-ignore format: one line
  expect(typed.length).toBeGreaterThan(0);
  for (const [, command = "", ...rest] of typed) {
    expect(commands).toContain(command);
    if (command === "services") expect(() => readArguments(rest, services)).not.toThrow();
  }
});
