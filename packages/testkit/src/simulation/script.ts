import { type Context, Dead, Drop } from "@org/dispatch-core";
import type { EndCode, Outcome } from "@org/dispatch-core/contract";
import type { WorkerProcess } from "../world/worker-process.ts";
import type { World } from "../world/world.ts";
import type { Dice } from "./dice.ts";

/** What the handler of a scripted task does. `times`: so many attempts (`kills`: so many losses) end badly before one ends well. */
export interface Script {
  readonly index: number;
  readonly does: "completes" | "fails" | "rejects" | "drops" | "overruns" | "ignores" | "kills" | "blocks";
  readonly times: number;
  readonly takesMs: number;
}

/** What a script comes to when nothing interferes. */
export interface Prediction {
  readonly outcome: Outcome;
  readonly code: EndCode | undefined;
  readonly attempts: number;
}

export interface ScriptPolicy {
  readonly leaseMs: number;
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly maxLost: number;
}

/** `peaceful`: nothing that takes its process down with it. */
export function drawScript(dice: Dice, index: number, policy: ScriptPolicy, peaceful: boolean): Script {
  const plain = dice.chance(0.55);
  const does: Script["does"] = plain ? "completes" : dice.pick<Script["does"]>(peaceful ? mild : wild);
  const most = does === "kills" ? policy.maxLost + 2 : policy.maxAttempts + 1;
  const quick = dice.chance(0.7);
  const takesMs = dice.whole(0, quick ? 40 : Math.min(policy.leaseMs * 2, policy.timeoutMs / 2));
  return { index, does, times: dice.whole(1, most), takesMs };
}

const mild = ["fails", "fails", "rejects", "drops", "overruns"] as const;
const wild = [...mild, "kills", "blocks", "ignores"] as const;

export function predict({ does, times }: Script, { maxAttempts, maxLost }: ScriptPolicy): Prediction {
  const exhausted = times >= maxAttempts;
  if (does === "fails")
    return exhausted ? dead("ATTEMPTS_EXHAUSTED", maxAttempts) : { ...completed, attempts: times + 1 };
  if (does === "overruns" || does === "ignores")
    return exhausted ? dead("TIMED_OUT", maxAttempts) : { ...completed, attempts: times + 1 };
  if (does === "rejects") return dead("REJECTED", 1);
  if (does === "drops") return { outcome: "cancelled", code: "CANCELLED", attempts: 1 };
  if (does === "kills" && times > maxLost) return dead("LOST", 0);
  return completed;
}

const completed: Prediction = { outcome: "completed", code: undefined, attempts: 1 };
const dead = (code: EndCode, attempts: number): Prediction => ({ outcome: "dead", code, attempts });

/** The handler of all scripted tasks. */
export function scripted(world: World, policy: ScriptPolicy) {
  return async (payload: unknown, context: Context, host: WorkerProcess): Promise<unknown> => {
    const { does, times, takesMs, index } = payload as Script;
    const bad = context.attempt <= times;
    if (does === "kills" && context.lost < times) {
      await world.sleep(takesMs, host);
      host.crash();
      return new Promise(() => {});
    }
    if (does === "blocks" && context.lost === 0 && context.attempt === 1) {
      // A loop that does not come to its end: nothing of its process goes on meanwhile.
      host.process.freeze();
      world.clock.after(times * policy.leaseMs, () => host.process.thaw());
    }
    if (does === "overruns" && bad) await world.sleep(policy.timeoutMs * 3, host, context.signal);
    else if (does === "ignores" && bad) await world.sleep(policy.timeoutMs * 2, host);
    else await world.sleep(takesMs, host, context.signal);
    if (does === "fails" && bad) throw new Error(`attempt ${context.attempt} fails`);
    if (does === "rejects") throw new Dead("never");
    if (does === "drops") throw new Drop("not needed");
    return { index, attempt: context.attempt, by: host.id };
  };
}
