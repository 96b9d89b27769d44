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
