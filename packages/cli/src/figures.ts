const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const SMALL = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

/** A count for people: `12,345`. */
export function countText(count: number): string {
  return WHOLE.format(count);
}

/** Tasks a second for people: `12.3/s`, or `12,345/s` from a hundred on. */
export function rateText(tasksPerSecond: number): string {
  return `${(tasksPerSecond < 100 ? SMALL : WHOLE).format(tasksPerSecond)}/s`;
}

/** A duration for people: `340 ms`, `12.3 s`, `4 min 05 s`, `3 h 07 min`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  return `${Math.floor(seconds / 3_600)} h ${two(Math.floor((seconds % 3_600) / 60))} min`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** Columns for people: the first row is the head, the first column stands to the left, the others to the right. */
export function tableText(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  const lines = rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))),
  );
  return `${lines.map((cells) => cells.join("  ")).join("\n")}\n`;
}
