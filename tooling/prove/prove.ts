/** All cells of one backend, one after the other. */

import type { Ready } from "../conformance/factories.ts";
import type { Subject } from "../conformance/subjects.ts";
import type { Arguments } from "./arguments.ts";
import { runCell } from "./cell.ts";
import { leftOut, type Means, planCell } from "./faults.ts";
import { type CellReport, pathOf, type Report, readReport, writeReport } from "./report.ts";
import { isProven, kept, withCell } from "./resume.ts";
import type { Source } from "./source.ts";
import { cellLine } from "./table.ts";

export interface ProveOptions {
  readonly name: string;
  readonly subject: Subject;
  readonly ready: Ready;
  readonly given: Arguments;
  readonly source: Source;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** The report of what was asked for, and where it lies; with cells of earlier calls the file has more. */
export async function prove(options: ProveOptions): Promise<{ readonly report: Report; readonly path: string }> {
  const { name, subject, ready, given, source, signal, say } = options;
  const { version } = ready;
  const facts = ready.options.backend("facts");
  const path = pathOf(name, version);
  const plans = given.faults.map((fault) => planCell(fault, given.short));
  const earlier = await readReport(path);
  const durability = ready.isOwn ? (subject.durability ?? "none") : "as the given server has it";
  const empty: Report = { backend: name, version, durability, cells: [] };
  let asked = empty;
  let all: Report = { ...empty, cells: kept(earlier, plans, source) };
  const means: Means = {
    profile: facts.profile,
    restart: ready.options.restart !== undefined,
    proxy: ready.options.proxy !== undefined,
  };
  await facts.close();
  for (const plan of plans) {
    if (signal.aborted) break;
    const { fault } = plan;
    const reason = leftOut(fault, means);
    const proven = given.resume ? isProven(earlier, plan, source) : undefined;
    const cell = reason !== undefined ? { fault, leftOut: reason } : (proven ?? (await cellOf(options, plan)));
    if (signal.aborted) break;
    say(`${name} ${proven === undefined ? "" : "earlier, "}${cellLine(cell)}`);
    asked = withCell(asked, cell);
    all = withCell(all, cell);
    await writeReport(path, all);
  }
  return { report: asked, path };
}

async function cellOf(options: ProveOptions, plan: ReturnType<typeof planCell>): Promise<CellReport> {
  const { name, ready, given, source, signal } = options;
  const { seed } = given;
  const say = (line: string) => options.say(`${name} ${plan.fault}: ${line}`);
  const end = await runCell({ subject: ready, plan, seed, signal, say });
  const held = end.failure === undefined && end.verdicts.every((verdict) => verdict.held);
  return { fault: plan.fault, plan, seed, ...source, node: process.version, ...end, held };
}
