/**
 * `./dev bench NAME [--quick] [--out FILE]`: one backend and its peers, in one run. JSON lines on standard output (and in FILE), one a figure and one a
 * comparison; a table for people on standard error. Exit 1 where a subject lost or spoiled a result or did not end, 2 for wrong usage.
 */
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { asksUsage, misuseLine } from "../usage.ts";
import { type Arguments, readArguments, USAGE } from "./arguments.ts";
import { benches } from "./benches.ts";
import { childMeasure } from "./child.ts";
import type { Line } from "./line.ts";
import { linesOf, runRounds } from "./rounds.ts";
import { table } from "./table.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  if (asksUsage(argv)) {
    console.log(`${USAGE}\nNAME: ${Object.keys(benches).join(", ")}`);
    return 0;
  }
  let given: Arguments;
  try {
    given = readArguments(argv, Object.keys(benches));
    // Now, not after minutes, is the time to find out that it cannot be written.
    if (given.out !== undefined) await writeFile(given.out, "");
  } catch (error) {
    console.error(misuseLine(error));
    return 2;
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  try {
    const lines = await runBench(given);
    if (given.out !== undefined) await writeFile(given.out, lines.map(textOf).join(""));
    const processors = cpus();
    console.error(
      `\n${table(lines)}\n\nNode ${process.version}, ${processors.length} × ${processors[0]?.model ?? "unknown"}`,
    );
    return 0;
  } catch (error) {
    console.error(`dev: ${messageOf(error)}`);
    return 1;
  }
}

/** Prints the lines of each series as soon as it is done. */
async function runBench({ name, size }: Arguments): Promise<Line[]> {
  const bench = benches[name];
  if (bench === undefined) return [];
  const all: Line[] = [];
  for (const series of bench.series) {
    const lines = linesOf(name, series, await runRounds(series, size, childMeasure));
    for (const line of lines) process.stdout.write(textOf(line));
    all.push(...lines);
  }
  return all;
}

function textOf(line: Line): string {
  return `${JSON.stringify(line)}\n`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
