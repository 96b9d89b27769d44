/**
 * `./dev simulate --seeds N [--seed S]`: the simulation of whole systems under seeded faults, N seeds from S (default 1) on; `--seed S` alone: that one.
 * For each seed that broke a promise: what was broken, the events that led to it, and the command that replays it. Exit 1 then, 2 for wrong usage.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { asksUsage, misuseLine } from "../usage.ts";
import { type Arguments, readArguments, USAGE } from "./arguments.ts";
import { replay, type Said } from "./said.ts";

/** So many seeds are told in full; of the others, the command only. */
const SHOWN = 3;

process.exitCode = await main();

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  if (asksUsage(argv)) {
    console.log(USAGE);
    return 0;
  }
  let given: Arguments;
  try {
    given = readArguments(argv);
  } catch (error) {
    console.error(misuseLine(error));
    return 2;
  }
  const begun = performance.now();
  const { first, count } = given;
  const width = Math.min(count, availableParallelism());
  const parts = Array.from({ length: width }, (_, part) => runPart(first + part, width, first + count));
  const ended = await Promise.all(parts);
  const lines = ended.flatMap(({ said }) => said);
  const failed = lines.filter((line) => "violation" in line).sort((one, other) => one.seed - other.seed);
  failed.slice(0, SHOWN).forEach(tell);
  for (const { seed, violation } of failed.slice(SHOWN)) console.log(`${replay(seed)}   # ${violation.split("\n")[0]}`);
  for (const { complaint } of ended) if (complaint !== undefined) console.log(`dev: ${complaint}`);
  const sums = lines.filter((line) => "seeds" in line);
  const sum = (pick: (line: (typeof sums)[number]) => number) => sums.reduce((all, line) => all + pick(line), 0);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const hours = (sum(({ virtualMs }) => virtualMs) / 3_600_000).toFixed(1);
  console.log(
    `${sum(({ seeds }) => seeds)} seeds, ${sum(({ handlerRuns }) => handlerRuns)} runs of handlers, ${hours} h of virtual time in ${seconds} s, ${failed.length} failed`,
  );
  return failed.length === 0 && ended.every(({ complaint }) => complaint === undefined) ? 0 : 1;
}

function tell({ seed, broker, violation, trace }: Extract<Said, { readonly violation: string }>): void {
  console.log(`seed ${seed}, ${broker}: ${violation}\n`);
  for (const line of trace) console.log(line);
  console.log(`\n${replay(seed)}\n`);
}

/** Every `step`th seed from `from` on, in a process of its own; a process that broke is a complaint. */
async function runPart(from: number, step: number, end: number) {
  const argv = [`${import.meta.dirname}/seeds.ts`, ...[from, step, end].map(String)];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  const stop = () => child.kill();
  process.once("exit", stop);
  const said: Said[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => said.push(JSON.parse(line) as Said));
  const ending = await new Promise<string | undefined>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit ${code}`)));
  });
  process.removeListener("exit", stop);
  const isWhole = said.some((line) => "seeds" in line);
  const complaint = ending ?? (isWhole ? undefined : "it did not come to its end");
  return {
    said,
    complaint: complaint === undefined ? undefined : `the seeds ${from}, ${from + step}, …: ${complaint}`,
  };
}
