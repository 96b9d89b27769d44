/** The tables in docs/observability.md, made from what they are about; the rest of the page is written by hand. */
import type { Alert } from "../alerts/rules.ts";
import type { Runbook } from "../alerts/runbooks.ts";
import type { Board } from "../grafana/panel.ts";

/** Where the page lies, from the repository's own folder. */
export const observabilityPath = "docs/observability.md";

interface Metric {
  readonly name: string;
  readonly kind: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** What the tables are made from. */
export interface Sources {
  readonly metrics: readonly Metric[];
  readonly alerts: readonly Alert[];
  readonly runbooks: readonly Runbook[];
  readonly boards: readonly Board[];
  /** Events by the level at which they are logged. */
  readonly levels: ReadonlyMap<string, readonly string[]>;
}

type Table = readonly (readonly string[])[];

/** By the name of its place in the page. The first row is the head. */
const tables: Readonly<Record<string, (sources: Sources) => Table>> = {
  metrics: ({ metrics }) => [
    ["name, behind the prefix", "kind", "labels", "what"],
    ...metrics.map(({ name, kind, labels, help }) => [`\`${name}\``, kind, codes(labels) || "–", help]),
  ],
  alerts: ({ alerts, runbooks }) => [
    ["alert", "severity", "fires when"],
    ...alerts.map(({ alert, labels }) => {
      const page = runbooks.find(({ title }) => title === alert);
      return [`[${alert}](runbook/${page?.file})`, labels.severity ?? "", page?.firesWhen ?? ""];
    }),
  ],
  dashboards: ({ boards }) => [
    ["dashboard", "row", "panels"],
    ...boards.flatMap(({ name, rows }) => rows.map(({ title, panels }) => [`[${name}](../ops/grafana/${name}.json)`, title, panels.map((panel) => panel.title).join(" · ")])), // biome-ignore format: one line
  ],
  levels: ({ levels }) => [
    ["level", "events"],
    ...[...levels].map(([level, events]) => [`\`${level}\``, codes(events)]),
  ],
};

/** The page with all tables as they should be. Throws where the page has no place for one. */
export function withTables(page: string, sources: Sources): string {
  let made = page;
  for (const [name, tableOf] of Object.entries(tables)) {
    const begin = `<!-- ${name}: made by \`./dev node tooling/docs/observability.ts\`. -->`;
    const end = `<!-- The end of ${name}. -->`;
    const [before, rest] = made.split(begin);
    const after = rest?.split(end)[1];
    if (before === undefined || after === undefined) throw new Error(`${observabilityPath} has no place for ${name}`);
    made = `${before}${begin}\n\n${textOf(tableOf(sources))}\n\n${end}${after}`;
  }
  return made;
}

function textOf([head = [], ...rows]: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

function codes(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(" ");
}
