import { type Profile, UNLIMITED } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import { NO_LANES, noLater } from "./absent.ts";
import { type DelayPlan, delayPlan } from "./delay.ts";
import { type Lane, laneFor } from "./lanes.ts";

export interface WorkerNeeds {
  readonly leaseMs: number;
  readonly timeoutMs: number;
  /** Those that have a timeout of their own. */
  readonly tasks?: readonly { readonly name: string; readonly timeoutMs?: number | undefined }[] | undefined;
  readonly drainMs: number;
}

/** What a worker wants and the backend cannot do, each with the option to change. Pure: what would surprise at night is said at start-up. */
export function workerProblems(profile: Profile, needs: WorkerNeeds): readonly string[] {
  const cap = profile.lease.totalCapMs;
  const { delayPrecisionMs } = profile.limits;
  const problems: string[] = [];
  if (cap < UNLIMITED && needs.leaseMs > cap) {
    problems.push(`leaseMs is ${needs.leaseMs}, the backend holds a frame for ${cap} ms at most`);
  }
  if (cap < UNLIMITED && needs.timeoutMs > cap / 2) {
    problems.push(`timeoutMs is ${needs.timeoutMs}, half of what the backend holds a frame for is ${cap / 2}`);
  }
  for (const { name, timeoutMs = 0 } of needs.tasks ?? []) {
    if (cap >= UNLIMITED || timeoutMs <= cap / 2) continue;
    problems.push(`timeoutMs of ${name} is ${timeoutMs}, half of what the backend holds a frame for is ${cap / 2}`);
  }
  if (delayPlan(profile).kind === "tiers" && delayPrecisionMs > cap / 2) {
    const tier = `a tier of ${delayPrecisionMs} ms`;
    problems.push(`the backend has no delay, and holds a frame for ${cap} ms at most: too short for ${tier}`);
  }
  if (needs.drainMs < profile.pollMs) {
    problems.push(`drainMs is ${needs.drainMs}, a receive of this backend may go on for ${profile.pollMs} ms`);
  }
  return problems;
}

/** What a task needs of the queues that are there. Throws `UNSUPPORTED`. */
export function planTask(
  { lanes, delay }: { readonly lanes: readonly Lane[]; readonly delay: DelayPlan },
  { priority, delayMs }: { readonly priority: number; readonly delayMs: number },
): void {
  if (laneFor(lanes, priority) === undefined)
    throw new DispatchError("UNSUPPORTED", `priority is ${priority}, ${NO_LANES}`);
  if (delay.kind === "capped" && delayMs > delay.nativeMs)
    throw new DispatchError("UNSUPPORTED", `delayMs is ${delayMs}, ${noLater(delay.nativeMs)}`);
}

/** Throws `UNSUPPORTED` with the first of them. */
export function planWorker(profile: Profile, needs: WorkerNeeds): void {
  const [problem] = workerProblems(profile, needs);
  if (problem !== undefined) throw new DispatchError("UNSUPPORTED", problem);
}

/** What a run needs of a backend. Throws `UNSUPPORTED`. */
export function planRun(profile: Profile, needs: { readonly globalTimeoutMs?: number | undefined }): void {
  const { replyRetentionMs } = profile;
  if (needs.globalTimeoutMs !== undefined && needs.globalTimeoutMs > replyRetentionMs) {
    const message = `globalTimeoutMs is ${needs.globalTimeoutMs}, results wait for ${replyRetentionMs} ms at most`;
    throw new DispatchError("UNSUPPORTED", message);
  }
}
