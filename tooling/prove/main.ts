/**
 * `./dev prove --backend NAME|all [--short] [--resume] …`: the fault cells with their counters. A line a cell on standard error, a table on standard output, the
 * report under `.reports/prove`. Exit 0 where all goals held, 1 where one did not, 2 for wrong usage; signals end what was started first.
 */
import { AdapterMissing, makeReady } from "../conformance/factories.ts";
import { type Subject, subjects } from "../conformance/subjects.ts";
import { heedSignals } from "../ending.ts";
import { asksUsage, misuseLine } from "../usage.ts";
import { type Arguments, help, readArguments } from "./arguments.ts";
import { prove } from "./prove.ts";
import { readSource, type Source, sourceText } from "./source.ts";
import { table } from "./table.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  if (asksUsage(argv)) {
    console.log(help(Object.keys(subjects)));
    return 0;
  }
  let given: Arguments;
  try {
    given = readArguments(argv, subjects);
  } catch (error) {
    console.error(misuseLine(error));
    return 2;
  }
  const { signal, exitCode } = heedSignals();
  try {
    const source = await readSource();
    let allHeld = true;
    for (const name of given.names) {
      if (signal.aborted) break;
      if (!(await proveOn(name, given, source, signal))) allHeld = false;
    }
    return exitCode() ?? (allHeld ? 0 : 1);
  } catch (error) {
    console.error(`dev: ${error instanceof Error ? error.message : String(error)}`);
    return exitCode() ?? (error instanceof AdapterMissing ? 2 : 1);
  }
}

/** Answers whether all that was asked for held. */
async function proveOn(name: string, given: Arguments, source: Source, signal: AbortSignal): Promise<boolean> {
  const subject = subjects[name] as Subject;
  const ready = await makeReady(subject, { name, version: undefined, cluster: false, tls: false });
  try {
    const say = (line: string) => console.error(line);
    const { report, path } = await prove({ name, subject, ready, given, source, signal, say });
    const about = `commit ${sourceText(source)}, Node ${process.version}, seed ${given.seed}`;
    console.log(`${table(report)}\n${about}\nreport: ${path}\n`);
    const ran = report.cells.filter((cell) => "held" in cell);
    return ran.length > 0 && ran.every(({ held }) => held);
  } finally {
    await ready.release();
  }
}
