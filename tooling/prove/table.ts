/** The cells of a report for people. */
import { aligned } from "../aligned.ts";
import type { Seconds } from "./counters.ts";
import type { CellReport, LeftOut, Report } from "./report.ts";

const HEAD = [
  "fault",
  "attempted",
  "acknowledged",
  "completed",
  "lost",
  "unexpected",
  "doubled",
  "run twice",
  "fenced",
  "dead",
  "strikes",
  "recovery p50 / p99 / max s",
  "seconds",
  "",
];
const NUMBERS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

export function table({ backend, version, durability, cells }: Report): string {
  const rows = cells.filter((cell): cell is CellReport => !("leftOut" in cell)).map(row);
  const absent = cells.filter((cell): cell is LeftOut => "leftOut" in cell).map(leftOutLine);
  return [`${backend} ${version} (${durability})`, aligned([HEAD, ...rows], NUMBERS), ...absent].join("\n");
}

/** In one line, what a cell came to. */
export function cellLine(cell: CellReport | LeftOut): string {
  if ("leftOut" in cell) return leftOutLine(cell);
  const { fault, counters } = cell;
  return `${fault}: ${verdict(cell)}; ${counters.completed} of ${counters.attempted} completed, ${counters.lost} lost, in ${counters.runSeconds} s`;
}

function leftOutLine({ fault, leftOut }: LeftOut): string {
  return `${fault}: left out (${leftOut})`;
}

function row(cell: CellReport): string[] {
  const { counters } = cell;
  const { attempted, acknowledged, completed, lost, unexpected, doubled, duplicateExecutions } = counters;
  const { fenced, dead, strikes, recoverySeconds, runSeconds } = counters;
  const figures = [attempted, acknowledged, completed, lost, unexpected, doubled, duplicateExecutions];
  return [
    cell.fault,
    ...[...figures, fenced, dead, strikes].map((value) => value.toLocaleString("en")),
    seconds(recoverySeconds),
    String(runSeconds),
    verdict(cell),
  ];
}

function seconds({ p50, p99, max }: Seconds): string {
  return p50 === null ? "" : [p50, p99, max].map((value) => value?.toFixed(2)).join(" / ");
}

/** All that was missed, each with what it came to. */
function verdict({ held, failure, verdicts }: CellReport): string {
  if (held) return "held";
  const missed = verdicts.filter((one) => !one.held).map(({ goal, value }) => `${goal}: ${value ?? "not measured"}`);
  return ["FAILED", ...(failure === undefined ? [] : [failure]), ...missed].join(", ");
}
