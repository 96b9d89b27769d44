/** What a subject on RabbitMQ must be able to do, in one process beside the server. */
import type { Take } from "../subject.ts";

/** 200 bytes as JSON, and a number by which its result can be told. `takesMs`: how long its handler takes; absent: no time. */
export interface Payload {
  readonly n: number;
  readonly takesMs?: number;
  readonly pad: string;
}

const PAYLOAD_BYTES = 200;

export function payloadOf(n: number, takesMs = 0): Payload {
  const head = takesMs === 0 ? { n } : { n, takesMs };
  const bare = JSON.stringify({ ...head, pad: "" }).length;
  return { ...head, pad: "x".repeat(PAYLOAD_BYTES - bare) };
}

/** The handler of every worker: what comes back is the number. */
export async function numberOf({ n, takesMs }: Payload): Promise<number> {
  if (takesMs !== undefined) await new Promise((resolve) => setTimeout(resolve, takesMs));
  return n;
}

/** Sender and worker of one subject, open. */
export interface System {
  /** Sends the numbers from `from` to `from + count - 1`, and hands on each result. */
  run(from: number, count: number, take: Take, options?: RunOptions): Promise<void>;
  /** Sends as many into a queue that nobody reads. */
  fill(count: number): Promise<void>;
  /** Calls of the backend so far; only where there is one. */
  requests?(): number;
  close(): Promise<void>;
}

export interface RunOptions {
  /** 0 to 10. */
  readonly priority?: number;
  /** How long each handler takes. */
  readonly takesMs?: number;
}

/** `name`: a name that nobody else has there. `concurrency`: of the worker; absent: its best. */
export type OpenSystem = (site: {
  readonly url: string;
  readonly name: string;
  readonly concurrency?: number;
}) => Promise<System>;
