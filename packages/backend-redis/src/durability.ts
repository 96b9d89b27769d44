import { RedisRefusal } from "./redis-error.ts";

/** How long a write waits for its further copies before it counts as failed, in ms: below the silence after which a socket counts as dead. */
const WAIT_MS = 3_000;

/** What follows writes, on the same connection, and what its answer must be. */
export interface Durability {
  readonly command: readonly (string | number)[];
  /** Are copies on disk asked for? */
  readonly onDisk: boolean;
  /** An error where there are too few copies. */
  missing(answer: unknown): Error | undefined;
}

/** WAIT: https://redis.io/docs/latest/commands/wait/ · WAITAOF: https://redis.io/docs/latest/commands/waitaof/ */
export function durabilityOf(waitReplicas: number, waitAof: boolean): Durability | undefined {
  if (waitAof) {
    return {
      command: ["waitaof", 1, waitReplicas, WAIT_MS],
      onDisk: true,
      missing(answer) {
        const [local, replicas] = answer as readonly [number, number];
        if (local >= 1 && replicas >= waitReplicas) return undefined;
        return tooFew(`${local} of 1 server and ${replicas} of ${waitReplicas} replicas`, "on disk");
      },
    };
  }
  if (waitReplicas === 0) return undefined;
  return {
    command: ["wait", waitReplicas, WAIT_MS],
    onDisk: false,
    missing(answer) {
      if ((answer as number) >= waitReplicas) return undefined;
      return tooFew(`${String(answer)} of ${waitReplicas} replicas`, "copied");
    },
  };
}

function tooFew(have: string, what: string): RedisRefusal {
  return new RedisRefusal(
    "UNAVAILABLE",
    `the write is not yet ${what} as often as was asked for: ${have} within ${WAIT_MS} ms`,
  );
}
