import type { Result } from "@org/dispatch-core/contract";

/**
 * A result as the line that is printed for it. `value` only when completed (`null` where the handler returned nothing), `error` only when not; of an
 * error only code and message: its stack belongs in a log.
 */
export function resultLine(result: Result): string {
  const { index, id, ref, outcome, value, error, attempts, lost, durationMs } = result;
  return JSON.stringify({
    index,
    id,
    ...(ref === undefined ? {} : { ref }),
    outcome,
    ...(outcome === "completed" ? { value: value ?? null } : {}),
    ...(outcome === "completed" || error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    attempts,
    lost,
    durationMs,
  });
}

/** Refused before it was a task, for what it is. */
const REFUSED: ReadonlySet<string> = new Set(["INPUT_INVALID", "TOO_LARGE"]);

/** The result with the number of its line in the message, where its input never became a task for a fault of its own. */
export function located(result: Result, line: number | undefined): Result {
  const { error, attempts } = result;
  if (line === undefined || error === undefined || attempts > 0 || !REFUSED.has(error.code)) return result;
  const where = `line ${line}: `;
  return error.message.startsWith(where) ? result : { ...result, error: { ...error, message: where + error.message } };
}
