import type { Frame } from "../contract/index.ts";
import type { Ending } from "./decision.ts";

/** One result, as the text that stands in a reply frame. The value is already JSON and is put in as it is. */
export function resultJson(frame: Frame, lost: number, ending: Ending): string {
  const head = `{"run":"${frame.run}","index":${frame.first},"outcome":"${ending.outcome}","round":${frame.round},"attempts":${ending.attempts},"copy":${frame.copy},"lost":${lost},"durationMs":${Math.round(ending.durationMs * 1_000) / 1_000}`;
  if (ending.error !== undefined) return `${head},"error":${JSON.stringify(ending.error)}}`;
  return ending.json === undefined ? `${head}}` : `${head},"value":${ending.json}}`;
}

/** The answer to a probe. */
export function probeJson(frame: Frame): string {
  return `{"run":"${frame.run}","sequence":${frame.first}}`;
}

/** A whole reply body: `ReplyBody` of the contract. */
export function replyJson(worker: string, results: readonly string[], probes: readonly string[]): string {
  return `{"worker":${JSON.stringify(worker)},"results":[${results.join(",")}],"probes":[${probes.join(",")}]}`;
}
