import { describe, expect, test } from "vitest";
import { linesOf, runRounds } from "./rounds.ts";
import type { Series } from "./series.ts";

const module = (name: string) => new URL(`file:///${name}.ts`);

const series: Series = {
  measurement: "end-to-end",
  subjects: { ours: module("ours"), theirs: module("theirs"), bare: module("bare") },
  tasks: { full: 1_000, quick: 10 },
  rounds: { full: 5, quick: 3 },
  figures: [
    { case: "speed", unit: "tasks/s", value: "speed", better: "more" },
    { case: "cost", unit: "µs", value: "cost", better: "less" },
    { case: "size", unit: "MB", value: "size", more: ["largest"] },
  ],
};

const speeds: Readonly<Record<string, number>> = { "/ours.ts": 30, "/theirs.ts": 60, "/bare.ts": 90 };

/** Notes whose turn it is; each round is slower than the one before, for all alike. */
function stand() {
  const turns: string[] = [];
  const measure = async (measurement: string, { pathname }: URL, tasks: number) => {
    turns.push(`${measurement} ${pathname} ${tasks}`);
    const speed = (speeds[pathname] as number) / Math.ceil(turns.length / 3);
    return { speed, cost: 1 / speed, size: 5, largest: 7 };
  };
  return { turns, measure };
}

describe("rounds", () => {
  test("the subjects take turns, and each round begins with another one", async () => {
    const { turns, measure } = stand();
    await runRounds(series, "quick", measure);
    expect(turns.map((turn) => turn.split(/[ /.]/)[2])).toEqual([
      ...["ours", "theirs", "bare"],
      ...["theirs", "bare", "ours"],
      ...["bare", "ours", "theirs"],
    ]);
    expect(turns[0]).toBe("end-to-end /ours.ts 10");
  });

  test("a whole run has more rounds of more tasks", async () => {
    const { turns, measure } = stand();
    await runRounds(series, "full", measure);
    expect(turns).toHaveLength(15);
    expect(turns.every((turn) => turn.endsWith(" 1000"))).toBe(true);
  });

  test("a subject that fails is named", async () => {
    const measure = async (_: string, { pathname }: URL) => {
      if (pathname === "/theirs.ts") throw new Error("exit 1");
      return { speed: 1, cost: 1, size: 1, largest: 1 };
    };
    await expect(runRounds(series, "quick", measure)).rejects.toThrow("end-to-end of theirs: exit 1");
  });
});

describe("lines", () => {
  test("a figure of each subject, then the first one against each other, by paired ratios", async () => {
    const lines = linesOf("memory", series, await runRounds(series, "quick", stand().measure));
    const at = { bench: "memory", case: "speed" };
    expect(lines.slice(0, 5)).toEqual([
      { ...at, subject: "ours", unit: "tasks/s", min: 10, median: 15, max: 30, runs: 3 },
      { ...at, subject: "theirs", unit: "tasks/s", min: 20, median: 30, max: 60, runs: 3 },
      { ...at, subject: "bare", unit: "tasks/s", min: 30, median: 45, max: 90, runs: 3 },
      { ...at, of: "ours", to: "theirs", ratio: 0.5 },
      { ...at, of: "ours", to: "bare", ratio: 0.3333 },
    ]);
  });

  test("less may be better, and what is not compared has figures alone", async () => {
    const lines = linesOf("memory", series, await runRounds(series, "quick", stand().measure));
    expect(lines).toContainEqual({ bench: "memory", case: "cost", of: "ours", to: "theirs", ratio: 0.5 });
    const sizes = lines.filter((line) => line.case === "size");
    expect(sizes).toHaveLength(3);
    expect(sizes[0]).toMatchObject({ subject: "ours", unit: "MB", median: 5, largest: 7 });
  });

  test("a figure that nothing measured is an error, not a gap", () => {
    const found = new Map([["ours", [{ speed: 1 }]]]);
    expect(() => linesOf("memory", series, found)).toThrow("nothing called cost was measured");
  });
});
