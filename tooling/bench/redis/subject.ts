/** What a subject on a broker must be able to do: coordinator, worker and broker are three processes. */
import type { Take } from "../subject.ts";

/** What the handler is to do with a task. `failing`: every tenth task fails at its first attempt. `timed`: the result is the handler's own time. */
export type Kind = "plain" | "failing" | "timed";

/** 200 bytes as JSON, and a number by which its result can be told. */
export interface Payload {
  readonly n: number;
  readonly kind?: Kind;
  readonly pad: string;
}

const PAYLOAD_BYTES = 200;
/** One text, whole: `repeat` makes a new one of pieces each time, and to join them was a third of a microsecond of every task measured. */
const PADDING = Buffer.alloc(PAYLOAD_BYTES, "x").toString("latin1");
const BARE_BYTES = JSON.stringify({ n: 0, pad: "" }).length - 1;

export function payloadOf(n: number, kind: Kind = "plain"): Payload {
  const bare = BARE_BYTES + String(n).length;
  if (kind === "plain") return { n, pad: PADDING.slice(bare) };
  return { n, kind, pad: PADDING.slice(bare + `"kind":"${kind}",`.length) };
}

/** The handler of every worker: what comes back is the number. `attempt`: from 1. */
export async function numberOf({ n, kind }: Payload, attempt: number): Promise<number> {
  if (kind === undefined) return n;
  if (kind === "timed") return machineMs();
  if (n % 10 === 0 && attempt === 1) throw new Error("the first attempt of every tenth task fails");
  return n;
}

/** Ms of a clock that all processes of the machine share. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1_000_000;
}

/** Where a subject is: a server, and a name that nobody else has there. */
export interface Site {
  readonly url: string;
  readonly name: string;
  /** How many tasks its worker runs at a time, where it can be told. */
  readonly concurrency?: number | undefined;
}

/** The coordinator's side, open. */
export interface Coordinator {
  /** Sends the numbers from `from` to `from + count - 1`, and hands on each result. */
  run(from: number, count: number, take: Take, kind?: Kind): Promise<void>;
  /** Sends them, and waits for no result. */
  fill(count: number): Promise<void>;
  /** Calls of a backend so far; only where there is one. */
  requests?(): number;
  close(): Promise<void>;
}

export interface BrokerSubject {
  /** The module of the worker's process; see worker.ts. */
  readonly worker: URL;
  readonly concurrency?: number;
  open(site: Site): Promise<Coordinator>;
}
