import type { Frame } from "../contract/index.ts";
import type { Ending } from "./decision.ts";

/** One result, as the text that stands in a reply frame. The value is already JSON and is put in as it is. */
export function resultJson(frame: Frame, lost: number, ending: Ending): string {
  const head = `{"run":"${frame.run}","index":${frame.first},"outcome":"${ending.outcome}","round":${frame.round},"attempts":${ending.attempts},"copy":${frame.copy},"lost":${lost},"durationMs":${Math.round(ending.durationMs * 1_000) / 1_000}`;
  if (ending.error !== undefined) return `${head},"error":${JSON.stringify(ending.error)}}`;
  return ending.json === undefined ? `${head}}` : `${head},"value":${ending.json}}`;
}

/** Has it a value, and nothing else to say? */
export function isPlain({ round, copy }: Frame, lost: number, { json, attempts }: Ending): boolean {
  return json !== undefined && attempts === 1 && lost === 0 && round === 0 && copy === 0;
}

/** The answer to a probe. */
export function probeJson(frame: Frame): string {
  return `{"run":"${frame.run}","sequence":${frame.first}}`;
}

/** A whole reply body: `ReplyBody` of the contract. `plain`: the triples of each run, their values as JSON. */
export function replyJson(
  worker: string,
  results: readonly string[],
  probes: readonly string[],
  plain: ReadonlyMap<string, readonly (string | number)[]> = new Map(),
): string {
  let rows = "";
  for (const [run, triples] of plain) rows += `${rows === "" ? "" : ","}"${run}":[${triples.join(",")}]`;
  return `{"worker":${JSON.stringify(worker)},"results":[${results.join(",")}],"plain":{${rows}},"probes":[${probes.join(",")}]}`;
}
