import type { Doubt } from "@org/dispatch-core/contract";
import { RETENTION_MS, secondsOf } from "./profile.ts";

/** What a queue is asked about, beside what would break a send. */
export const DOUBTED = ["MessageRetentionPeriod", "RedrivePolicy", "DelaySeconds"] as const;

/** A net of AWS's below this is not far above `maxLost`. */
const LEAST_RECEIVES = 10;

/** What of a queue's attributes may break a promise of the profile's. */
export function doubtsOf(name: string, attributes: Readonly<Record<string, string>> = {}): readonly Doubt[] {
  const wantedS = secondsOf(RETENTION_MS);
  const { MessageRetentionPeriod: keptS = wantedS, DelaySeconds: delayS = 0, RedrivePolicy } = attributes;
  const receives = receivesOf(RedrivePolicy);
  const details = [
    Number(keptS) < wantedS &&
      `keeps a message for ${keptS} s (MessageRetentionPeriod): what waits longer is lost; it should be ${wantedS}`,
    Number(delayS) > 0 && `delays each message by ${delayS} s (DelaySeconds): it should be 0`,
    receives < LEAST_RECEIVES &&
      `has its messages moved away after ${receives} receives (RedrivePolicy): releases and polls that were given up count there, too; it should be ${LEAST_RECEIVES} or more, far above maxLost`,
  ];
  return details.flatMap((detail) =>
    detail === false ? [] : [{ code: "MISMATCH", detail: `the queue "${name}" ${detail}` } as const],
  );
}

function receivesOf(policy: string | undefined): number {
  try {
    const { maxReceiveCount = Number.POSITIVE_INFINITY } = JSON.parse(policy ?? "{}") as { maxReceiveCount?: number };
    return Number(maxReceiveCount);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
