/** The work of a task. */
import type { Context } from "../../packages/core/dist/index.js";
import type { Done } from "./tally.ts";

export interface Payload {
  readonly n: number;
  readonly takesMs: number;
}

export default async function work(payload: unknown, { signal }: Context): Promise<Done> {
  const { n, takesMs } = payload as Payload;
  if (takesMs > 0)
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, takesMs);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  return { n };
}
