import type { BadFrame } from "../contract/index.ts";
import { CLAIM_CODEC } from "./claim.ts";
import { type Compression, compressionOf } from "./compression.ts";
import { JSON_CODEC } from "./json.ts";

/** What was done to a body after it was JSON. */
export interface Steps {
  readonly compression: Compression | undefined;
  readonly claimed: boolean;
}

/**
 * What the codecs of a header mean: JSON, then at most one compression, then at most a claim check. Another order is refused, since nobody writes it and a
 * body that is folded three times over would cost three times the limit. A number that is not known comes from a newer process.
 */
export function stepsOf(codecs: readonly number[]): Steps | BadFrame {
  let at = 0;
  while (codecs[at] === JSON_CODEC) at += 1;
  const compression = compressionOf(codecs[at] ?? 0);
  if (compression !== undefined) at += 1;
  const claimed = codecs[at] === CLAIM_CODEC;
  if (claimed) at += 1;
  if (at === codecs.length) return { compression, claimed };
  const unknown = codecs.find((codec) => codec !== JSON_CODEC && codec !== CLAIM_CODEC && !compressionOf(codec));
  if (unknown !== undefined) return { bad: "CODEC_UNKNOWN", detail: `codec ${unknown}` };
  return { bad: "FRAME_INVALID", detail: `codecs in the order ${codecs.join(", ")}` };
}
