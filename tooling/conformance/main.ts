/**
 * `./dev conformance NAME [--level …] [--version V] [--cluster] [--tls] [--out FILE]`: the suite on one backend. A line a case on standard error, a table on
 * standard output, the report under `.reports/conformance`. Exit 0 where all held, 1 where something did not, 2 for wrong usage.
 */
import { resolve } from "node:path";
import { caseLine, reportText, runConformance } from "../../packages/testkit/dist/index.js";
import { root } from "../tree.ts";
import { asksUsage, misuseLine } from "../usage.ts";
import { type Arguments, readArguments, USAGE } from "./arguments.ts";
import { AdapterMissing, makeReady } from "./factories.ts";
import { type Subject, subjects } from "./subjects.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  if (asksUsage(argv)) {
    console.log(`${USAGE}\nNAME: ${Object.keys(subjects).join(", ")}`);
    return 0;
  }
  let given: Arguments;
  try {
    given = readArguments(argv, subjects);
  } catch (error) {
    console.error(misuseLine(error));
    return 2;
  }
  try {
    return await runOn(subjects[given.name] as Subject, given);
  } catch (error) {
    console.error(`dev: ${messageOf(error)}`);
    return error instanceof AdapterMissing ? 2 : 1;
  }
}

async function runOn(subject: Subject, given: Arguments): Promise<number> {
  const { version, options, release } = await makeReady(subject, given);
  const suffix = `${given.cluster ? "-cluster" : ""}${given.tls ? "-tls" : ""}`;
  const file =
    given.out === undefined
      ? `${root}/.reports/conformance/${given.name}@${version}${suffix}.json`
      : resolve(given.out);
  try {
    const report = await runConformance({
      ...options,
      name: given.name,
      ...(given.levels !== undefined && { levels: given.levels }),
      report: file,
      onCase: (one) => {
        if (one.status !== "left-out") console.error(caseLine(one));
      },
    });
    console.log(`${reportText(report)}report: ${file}`);
    return report.totals.failed === 0 && report.totals.passed > 0 ? 0 : 1;
  } finally {
    await release();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
