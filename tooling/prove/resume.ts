/** Which cells of an earlier report still say something: pure. */
import { isDeepStrictEqual } from "node:util";
import type { CellPlan } from "./faults.ts";
import type { CellReport, LeftOut, Report } from "./report.ts";
import type { Source } from "./source.ts";

/** Did the earlier call prove this very cell? Nobody knows whether a tree that is not committed is still the same. */
export function isProven(earlier: Report | undefined, plan: CellPlan, source: Source): CellReport | undefined {
  const cell = earlier?.cells.find(({ fault }) => fault === plan.fault);
  return cell !== undefined && !("leftOut" in cell) && cell.held && isSame(cell, plan, source) ? cell : undefined;
}

/** The earlier cells that a new report keeps until they run again: those of the same commit and size. */
export function kept(earlier: Report | undefined, plans: readonly CellPlan[], source: Source): CellReport[] {
  const cells = earlier?.cells.filter((cell): cell is CellReport => !("leftOut" in cell)) ?? [];
  return cells.filter((cell) => plans.some((plan) => isSame(cell, plan, source)));
}

/** The report with this cell, in the place of an earlier one of its fault. */
export function withCell(report: Report, cell: CellReport | LeftOut): Report {
  return { ...report, cells: [...report.cells.filter(({ fault }) => fault !== cell.fault), cell] };
}

function isSame(cell: CellReport, plan: CellPlan, { commit, isDirty }: Source): boolean {
  return !isDirty && !cell.isDirty && cell.commit === commit && isDeepStrictEqual(cell.plan, plan);
}
