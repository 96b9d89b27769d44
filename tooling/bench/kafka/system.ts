/** What a subject on Kafka must be able to do, in one process beside the broker. */
import type { Take } from "../subject.ts";

/** 200 bytes as JSON, and a number by which its result can be told. */
export interface Payload {
  readonly n: number;
  readonly pad: string;
}

const PAYLOAD_BYTES = 200;
const BARE_BYTES = JSON.stringify({ n: 0, pad: "" }).length - 1;

export const PARTITIONS = 12;

export function payloadOf(n: number): Payload {
  return { n, pad: "x".repeat(PAYLOAD_BYTES - BARE_BYTES - String(n).length) };
}

/** The handler of every worker: what comes back is the number. */
export async function numberOf({ n }: Payload): Promise<number> {
  return n;
}

/** How many tasks are under way at a time, as a subject's address says: `?window=4000`. */
export function windowOf(module: string): number {
  return Number(new URL(module).searchParams.get("window") ?? 10_000);
}

/** Sender and worker of one subject, open. */
export interface System {
  /** Sends the numbers from `from` to `from + count - 1`, and hands on each result. */
  run(from: number, count: number, take: Take): Promise<void>;
  /** Requests to the broker so far; only where they are counted. */
  requests?(): number;
  close(): Promise<void>;
}

/** `name`: a name that nobody else has there. */
export type OpenSystem = (site: { readonly url: string; readonly name: string }) => Promise<System>;
