import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse as parseWithAcorn } from "acorn";
import { parse as parseWithMeriyah } from "meriyah";
import { describe, expect, test } from "vitest";
import { evaluateSuite } from "./evaluation.ts";
import { ProgressLine } from "./progress-line.ts";

// The other side of the comparison shares no code with the example: files, parsers and a loop.
const suite = dirname(createRequire(import.meta.url).resolve("test262-parser-tests/package.json"));
const names = ["pass", "pass-explicit", "fail", "early"] as const;

type Parse = (source: string, module: boolean) => unknown;
const acorn: Parse = (source, module) =>
  parseWithAcorn(source, { ecmaVersion: "latest", sourceType: module ? "module" : "script" });
const meriyah: Parse = (source, module) =>
  parseWithMeriyah(source, { next: true, webcompat: true, lexical: true, sourceType: module ? "module" : "script" });

function treeOf(parse: Parse, folder: string, file: string): unknown {
  try {
    return parse(readFileSync(join(suite, folder, file), "utf8"), file.endsWith(".module.js"));
  } catch {
    return undefined;
  }
}

function countDirectly() {
  const disagreements: string[] = [];
  const folders = Object.fromEntries(
    names.map((folder) => {
      const count = { cases: 0, baselineRight: 0, candidateRight: 0 };
      for (const file of readdirSync(join(suite, folder)).sort()) {
        const byAcorn = treeOf(acorn, folder, file) !== undefined;
        const byMeriyah = treeOf(meriyah, folder, file) !== undefined;
        const wanted = folder.startsWith("pass");
        count.cases += 1;
        if (byAcorn === wanted) count.baselineRight += 1;
        if (byMeriyah === wanted) count.candidateRight += 1;
        if (byAcorn !== byMeriyah) disagreements.push(`${folder}/${file}`);
      }
      return [folder, count];
    }),
  );
  return { folders, disagreements };
}

/** A tree as plain data, without what may differ. */
function bare(tree: unknown): unknown {
  const left = new Set(["start", "end", "loc", "range", "raw"]);
  const text = JSON.stringify(tree, (key, value: unknown) => {
    if (left.has(key)) return undefined;
    // What JSON has no words for, or the same words as for something else.
    if (typeof value === "bigint" || typeof value === "number") return `${typeof value} ${value}`;
    return value instanceof RegExp ? `RegExp ${value}` : value;
  });
  return JSON.parse(text);
}

function countTwinsDirectly(parse: Parse): number {
  return readdirSync(join(suite, "pass")).filter((file) => {
    const [one, other] = [treeOf(parse, "pass", file), treeOf(parse, "pass-explicit", file)];
    return one !== undefined && other !== undefined && isDeepStrictEqual(bare(one), bare(other));
  }).length;
}

describe("the dispatched evaluation", { timeout: 60_000 }, () => {
  test("has the numbers that the parsers give when called directly in a loop", async () => {
    const { tally, stages, complete } = await evaluateSuite();
    const { folders, disagreements } = countDirectly();
    expect(complete).toBe(true);
    expect(tally.folders).toEqual(folders);
    expect(tally.disagreements.map(({ folder, file }) => `${folder}/${file}`)).toEqual(disagreements);
    expect(tally.relation).toEqual({
      cases: 1_981,
      baselineHolds: countTwinsDirectly(acorn),
      candidateHolds: countTwinsDirectly(meriyah),
    });
    expect(
      stages.map(({ task, inputs, summary }) => [task, inputs, summary.total, summary.completed, summary.retried]),
    ).toEqual([
      ["parse", 5_361, 5_361, 5_361, 0],
      ["relation", 1_981, 1_981, 1_981, 0],
    ]);
  });

  test("takes part of the suite, and repeats it", async () => {
    const { tally, stages, complete } = await evaluateSuite({ folders: ["fail"], repeat: 2 });
    expect(complete).toBe(true);
    expect(tally.folders.fail.cases).toBe(2 * 731);
    expect(stages.map(({ inputs, summary }) => [inputs, summary.completed])).toEqual([
      [1_462, 1_462],
      [0, 0],
    ]);
  });

  test("ends early on its signal, and reports what was done", async () => {
    const stop = new AbortController();
    const shown: string[] = [];
    const write = (text: string) => {
      shown.push(text);
      // Every update is shown, since the clock below goes on by 10 s with each look at it.
      if (shown.length === 5) stop.abort();
    };
    let nowMs = 0;
    const progress = new ProgressLine({ write }, () => {
      nowMs += 10_000;
      return nowMs;
    });
    const { tally, stages, complete } = await evaluateSuite({ signal: stop.signal, progress, slowMs: 1 });
    expect(complete).toBe(false);
    const [parse, ...others] = stages;
    expect(others).toEqual([]);
    expect(parse?.inputs).toBe(5_361);
    expect(parse?.summary.completed).toBeGreaterThanOrEqual(4);
    expect(parse?.summary.completed).toBeLessThan(5_361);
    const counted = names.reduce((sum, folder) => sum + tally.folders[folder].cases, 0);
    expect(counted).toBe(parse?.summary.completed);
  });
});
