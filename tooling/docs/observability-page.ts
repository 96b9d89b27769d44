/** The table of metrics in docs/observability.md, made from the package's own list; the rest of the page is written by hand. */
import type { DescribedMetric } from "../../packages/metrics/dist/index.js";

/** Where the page lies, from the repository's own folder. */
export const observabilityPath = "docs/observability.md";

const BEGIN = "<!-- Made by `./dev node tooling/docs/observability.ts` from packages/metrics: change it there. -->";
const END = "<!-- The end of what is made. -->";

/** The page with the table as it should be. Throws where the page has no place for it. */
export function withTable(page: string, metrics: readonly DescribedMetric[]): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${observabilityPath} has no place for the table`);
  const rows = metrics.map(({ name, kind, labels, help }) => {
    const words = labels.length === 0 ? "–" : labels.map((label) => `\`${label}\``).join(" ");
    return `| \`${name}\` | ${kind} | ${words} | ${help} |`;
  });
  const table = ["| name, behind the prefix | kind | labels | what |", "|---|---|---|---|", ...rows].join("\n");
  return `${before}${BEGIN}\n\n${table}\n\n${END}${after}`;
}
