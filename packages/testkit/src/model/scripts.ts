import { type Context, Dead, Drop } from "@org/dispatch-core";
import type { EndCode, Outcome } from "@org/dispatch-core/contract";
import type { WorkerProcess } from "../world/worker-process.ts";
import type { World } from "../world/world.ts";

/** What a task's handler will do, attempt by attempt; its payload says it, so that it does so wherever it runs. */
export const scripts = ["ok", "fails once", "fails for ever", "is rejected", "is dropped", "hangs"] as const;
export type Script = (typeof scripts)[number];

export interface Payload {
  readonly n: number;
  readonly script: Script;
}

export const MAX_ATTEMPTS = 3;
export const MAX_LOST = 3;

/** One end of a task. `attempts` is left out where how many there were depends on when it ended. */
export interface End {
  readonly outcome: Outcome;
  readonly code?: EndCode;
  readonly attempts?: number;
}

/** How a task ends to which nothing happens. */
export const ends: Readonly<Record<Script, End>> = Object.freeze({
  ok: { outcome: "completed", attempts: 1 },
  "fails once": { outcome: "completed", attempts: 2 },
  "fails for ever": { outcome: "dead", code: "ATTEMPTS_EXHAUSTED", attempts: MAX_ATTEMPTS },
  "is rejected": { outcome: "dead", code: "REJECTED", attempts: 1 },
  "is dropped": { outcome: "cancelled", code: "CANCELLED", attempts: 1 },
  hangs: { outcome: "dead", code: "TIMED_OUT", attempts: MAX_ATTEMPTS },
});

export const handlerIn =
  (world: World) =>
  async (payload: unknown, { attempt, signal }: Context, host: WorkerProcess): Promise<number> => {
    const { n, script } = payload as Payload;
    await world.sleep(script === "hangs" ? 1e9 : 20, host, signal);
    if (script === "is rejected") throw new Dead(`never ${n}`);
    if (script === "is dropped") throw new Drop(`nobody wants ${n}`);
    if (script === "fails for ever" || (script === "fails once" && attempt === 1))
      throw new Error(`attempt ${attempt}`);
    return n;
  };
