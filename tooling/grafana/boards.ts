/** The dashboards that there are, and where they lie. */
import { root } from "../tree.ts";
import { overview } from "./overview.ts";
import type { Board } from "./panel.ts";
import { queue } from "./queue.ts";

export const boards: readonly Board[] = [overview, queue];

export function fileOf({ name }: Board): string {
  return `${root}/ops/grafana/${name}.json`;
}

/** An expression with an example for each of Grafana's variables: as Prometheus gets it. `rateSeconds`: of `$__rate_interval`. */
export function asAsked(expr: string, rateSeconds = 60): string {
  return expr.replaceAll("$__rate_interval", `${rateSeconds}s`).replace(/\$(backend|queue)\b/g, ".+");
}
