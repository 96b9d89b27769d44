/** The report of a backend's cells, in `.reports/prove`. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { root } from "../tree.ts";
import type { CellEnd } from "./cell.ts";
import type { CellPlan, Fault } from "./faults.ts";
import type { Source } from "./source.ts";

/** A cell that ran. */
export interface CellReport extends CellEnd, Source {
  readonly fault: Fault;
  readonly plan: CellPlan;
  readonly seed: string;
  readonly node: string;
  readonly held: boolean;
}

/** One that could not be. */
export interface LeftOut {
  readonly fault: Fault;
  readonly leftOut: string;
}

export interface Report {
  readonly backend: string;
  readonly version: string;
  readonly durability: string;
  readonly cells: readonly (CellReport | LeftOut)[];
}

export function pathOf(name: string, version: string): string {
  return `${root}/.reports/prove/${name}@${version}.json`;
}

/** What an earlier call has written; undefined where there is none that can be read. */
export async function readReport(path: string): Promise<Report | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Report;
  } catch {
    return undefined;
  }
}

/** In one step: who is ended while it writes leaves the earlier one. */
export async function writeReport(path: string, report: Report): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, `${JSON.stringify(report, null, 2)}\n`);
  await rename(`${path}.new`, path);
}
