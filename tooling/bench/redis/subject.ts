/** What a subject on a broker must be able to do: coordinator, worker and broker are three processes. */
import type { Take } from "../subject.ts";

/** 200 bytes as JSON, and a number by which its result can be told. */
export interface Payload {
  readonly n: number;
  readonly pad: string;
}

const PAYLOAD_BYTES = 200;

export function payloadOf(n: number): Payload {
  const bare = JSON.stringify({ n, pad: "" }).length;
  return { n, pad: "x".repeat(PAYLOAD_BYTES - bare) };
}

/** The handler of every worker: what comes back is the number. */
export async function numberOf({ n }: Payload): Promise<number> {
  return n;
}

/** Where a subject is: a server, and a name that nobody else has there. */
export interface Site {
  readonly url: string;
  readonly name: string;
}

/** The coordinator's side, open. */
export interface Coordinator {
  /** Sends the numbers from `from` to `from + count - 1`, and hands on each result. */
  run(from: number, count: number, take: Take): Promise<void>;
  /** Sends them, and waits for no result. */
  fill(count: number): Promise<void>;
  close(): Promise<void>;
}

export interface BrokerSubject {
  /** The module of the worker's process; see worker.ts. */
  readonly worker: URL;
  open(site: Site): Promise<Coordinator>;
}
