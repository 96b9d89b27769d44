import type { Case } from "./case.ts";
import { invariantTexts } from "./invariant-texts.ts";

/** Where the case has its line in the docs. */
export function caseAnchor(id: string): string {
  return `docs/conformance.md#${id}`;
}

/**
 * The failure of a case, for the author of an adapter: which case it was, what it expects of the adapter, what happened instead, the promises that hang on
 * it, and where to read on. An AssertionError stays one, so that a runner shows its values.
 */
export function explained(failure: unknown, { id, cites, expects }: Case): Error {
  const happened = failure instanceof Error ? failure.message : String(failure);
  const promises = cites.map((cite) => `  ${cite}: ${invariantTexts[cite]}`);
  const message = [
    `${id} (${cites.join(", ")}): ${expects}`,
    `What happened instead: ${happened}`,
    "What hangs on it:",
    ...promises,
    `Read on: ${caseAnchor(id)}`,
  ].join("\n");
  if (!(failure instanceof Error)) return new Error(message, { cause: failure });
  try {
    // What node:test prints is the stack, which was made with the message before.
    const { stack } = failure;
    failure.message = message;
    if (stack !== undefined) failure.stack = stack.replace(happened, () => message);
    return failure;
  } catch {
    // Some errors of the platform keep their message.
    return new Error(message, { cause: failure });
  }
}
