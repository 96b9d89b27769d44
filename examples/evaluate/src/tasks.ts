import { setTimeout as wait } from "node:timers/promises";
import { type Context, Dead, defineTask } from "@org/dispatch-core";
import type { ParseInput, RelationInput } from "./inputs.ts";
import { judgeCase, judgeRelation, type ParseOutput, type RelationOutput } from "./judgement.ts";

// The handler file: `dispatch run --handler src/tasks.ts --input … [--task parse]`.

/** Parses one file with both parsers. */
export const parse = defineTask<ParseInput, ParseOutput>({ name: "parse", handler: parseOne });

/** Checks one file of `pass` against its twin. */
export const relation = defineTask<RelationInput, RelationOutput>({ name: "relation", handler: relateOne });

/** Does either, as the payload asks: what a run without `--task` takes, and what the mixed lines of `generate.ts --kind all` need. */
const evaluate = defineTask<ParseInput | RelationInput, ParseOutput | RelationOutput>({
  name: "evaluate",
  handler: (payload, context) => (isRelation(payload) ? relateOne(payload, context) : parseOne(payload, context)),
});
export default evaluate;

async function parseOne(payload: ParseInput, context: Context): Promise<ParseOutput> {
  checkTexts(payload, "file", "folder", "goal", "source", "expected");
  await beSlow(payload, context);
  return judgeCase(payload);
}

async function relateOne(payload: RelationInput, context: Context): Promise<RelationOutput> {
  checkTexts(payload, "file", "goal", "source", "twin");
  await beSlow(payload, context);
  return judgeRelation(payload);
}

/** Time to kill a worker in. The signal ends it at once: a worker that stops need not wait for it. */
async function beSlow({ slowMs }: { readonly slowMs?: number }, { signal }: Context): Promise<void> {
  if (typeof slowMs === "number" && slowMs > 0) await wait(slowMs, undefined, { signal });
}

function isRelation(payload: unknown): payload is RelationInput {
  return isObject(payload) && "twin" in payload;
}

/** A payload is whatever stood in the input's line, not what its type says. Another attempt would not mend it, so it is dead at once. */
function checkTexts(payload: unknown, ...keys: readonly string[]): void {
  const fields: Readonly<Record<string, unknown>> = isObject(payload) ? payload : {};
  const missing = keys.filter((key) => typeof fields[key] !== "string");
  if (missing.length > 0) throw new Dead(`not a payload of generate.ts: it has no text ${missing.join(", ")}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
