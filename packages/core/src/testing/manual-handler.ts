import type { Context } from "../work/task.ts";

// For tests only; not a part of the package.

/** A handler whose runs wait until the test ends them, by payload. */
export function manual() {
  const open = new Map<unknown, (value?: unknown) => void>();
  const contexts: Context[] = [];
  const handler = (payload: unknown, context: Context) => {
    contexts.push(context);
    return new Promise((resolve) => open.set(payload, resolve));
  };
  return { open, contexts, handler };
}

/** A handler that never returns. */
export const hang = (): Promise<never> => new Promise(() => {});
