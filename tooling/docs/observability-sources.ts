import { readFile } from "node:fs/promises";
import { type Logger, logEvents } from "../../packages/core/dist/index.js";
import { describeMetrics } from "../../packages/metrics/dist/index.js";
import { readAlerts } from "../alerts/rules.ts";
import { readRunbooks } from "../alerts/runbooks.ts";
import { boards } from "../grafana/boards.ts";
import { root } from "../tree.ts";
import type { Sources } from "./observability-page.ts";

/** All that docs/observability.md has tables of, as it is now. The packages must be built. */
export async function readSources(): Promise<Sources> {
  const [alerts, runbooks, levels] = await Promise.all([readAlerts(), readRunbooks(), readLevels()]);
  return { metrics: describeMetrics(), alerts, runbooks, boards, levels };
}

/** Asks the observer of logs itself at which level it would say what. */
async function readLevels(): Promise<ReadonlyMap<string, readonly string[]>> {
  const contract = await readFile(`${root}/packages/core/src/contract/events.ts`, "utf8");
  const unions = [...contract.matchAll(/readonly event: ((?:"\w+"(?: \| )?)+)/g)].map(([, union = ""]) => union);
  const events = unions.flatMap((union) => [...union.matchAll(/\w+/g)].map(([name]) => name));
  const levels = new Map<string, string[]>([["warn", []], ["info", []], ["debug", []]]); // biome-ignore format: one line
  const at = (level: string) => (fields: object) => void levels.get(level)?.push((fields as { event: string }).event);
  const logger: Logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  const observe = logEvents(logger) as (event: object) => void;
  // The result of an orphan is looked into.
  for (const event of events) observe({ event, result: {} });
  return levels;
}
