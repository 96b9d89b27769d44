import { type Profile, UNLIMITED } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";

/** What a worker needs of a backend. Pure; refuses at start-up what would surprise at night. Throws `UNSUPPORTED` with the option to change. */
export function planWorker(
  profile: Profile,
  needs: { readonly leaseMs: number; readonly timeoutMs: number; readonly drainMs: number },
): void {
  const cap = profile.lease.totalCapMs;
  if (cap < UNLIMITED && needs.leaseMs > cap)
    refuse(`leaseMs is ${needs.leaseMs}, the backend holds a frame for ${cap} ms at most`);
  if (cap < UNLIMITED && needs.timeoutMs > cap / 2)
    refuse(`timeoutMs is ${needs.timeoutMs}, half of what the backend holds a frame for is ${cap / 2}`);
  const { delayPrecisionMs } = profile.limits;
  if (profile.sendDelayMs === 0 && delayPrecisionMs > cap / 2) {
    refuse(
      `the backend has no delay, and holds a frame for ${cap} ms at most: too short for a tier of ${delayPrecisionMs} ms`,
    );
  }
  if (needs.drainMs < profile.pollMs)
    refuse(`drainMs is ${needs.drainMs}, a receive of this backend may go on for ${profile.pollMs} ms`);
}

/** What a run needs of a backend. Throws `UNSUPPORTED`. */
export function planRun(profile: Profile, needs: { readonly globalTimeoutMs?: number | undefined }): void {
  const { replyRetentionMs } = profile;
  if (needs.globalTimeoutMs !== undefined && needs.globalTimeoutMs > replyRetentionMs) {
    refuse(`globalTimeoutMs is ${needs.globalTimeoutMs}, results wait for ${replyRetentionMs} ms at most`);
  }
}

function refuse(message: string): never {
  throw new DispatchError("UNSUPPORTED", message);
}
