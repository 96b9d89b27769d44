import { Calls } from "../call.ts";
import { VirtualClock } from "../clock.ts";
import type {
  Backend,
  CallCode,
  Delivery,
  ErrorClass,
  HoldOutcome,
  Move,
  MoveOutcome,
  Observer,
  OpenOptions,
  OutFrame,
  Profile,
  Queue,
  Receipt,
  SendOutcome,
  Settlement,
  Want,
} from "../contract/index.ts";
import { memoryProfile } from "../memory/profile.ts";

// For tests only; not a part of the package.

/** What a broker's client would throw: `code` says what `classify` makes of it. */
export class BrokerError extends Error {
  readonly code: CallCode;
  constructor(code: CallCode) {
    super(`the broker says ${code}`);
    this.code = code;
  }
}

type Answer<T> = readonly T[] | Promise<readonly T[]>;

/** A backend that does what each test says, and remembers what it was asked. By default everything is `"ok"`, and nothing is ever received. */
export class ScriptedBackend implements Backend {
  readonly contract = 1;
  readonly name = "scripted";
  readonly profile: Profile;
  /** The verbs that were called, in order, with what they were about: `send reply/c1`, `ack 0`. */
  readonly log: string[] = [];
  readonly sent: { readonly queue: Queue; readonly frame: OutFrame }[] = [];

  constructor(profile: Partial<Profile> = {}) {
    this.profile = { ...memoryProfile, ...profile };
  }

  onSend = (_queue: Queue, frames: readonly OutFrame[], _signal: AbortSignal): Answer<SendOutcome> =>
    frames.map(() => "ok");
  onReceive = (_queue: Queue, _want: Want, signal: AbortSignal): Answer<Delivery> => aborted(signal);
  onRenew = (receipts: readonly Receipt[], _leaseMs: number, _signal: AbortSignal): Answer<HoldOutcome> =>
    receipts.map(() => "ok");
  onSettle = (settlements: readonly Settlement[], _signal: AbortSignal): Answer<HoldOutcome> =>
    settlements.map(() => "ok");
  onMove = (moves: readonly Move[], _signal: AbortSignal): Answer<MoveOutcome> => moves.map(() => "ok");

  async open(_options: OpenOptions, _signal: AbortSignal): Promise<void> {}

  async send(queue: Queue, frames: readonly OutFrame[], signal: AbortSignal): Promise<readonly SendOutcome[]> {
    this.log.push(`send ${queue.role}/${queue.name}`);
    const outcomes = await this.onSend(queue, frames, signal);
    frames.forEach((frame, index) => {
      if (outcomes[index] === "ok") this.sent.push({ queue, frame });
    });
    return outcomes;
  }

  async receive(queue: Queue, want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    this.log.push(`receive ${queue.role}/${queue.name}`);
    return want.max === 0 ? [] : this.onReceive(queue, want, signal);
  }

  async renew(receipts: readonly Receipt[], leaseMs: number, signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    this.log.push(`renew ${receipts.map(nameOf).join(" ")}`);
    return this.onRenew(receipts, leaseMs, signal);
  }

  async settle(settlements: readonly Settlement[], signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    for (const { kind, receipt } of settlements) this.log.push(`${kind} ${nameOf(receipt)}`);
    return this.onSettle(settlements, signal);
  }

  async move(moves: readonly Move[], signal: AbortSignal): Promise<readonly MoveOutcome[]> {
    for (const { receipts } of moves) this.log.push(`move ${receipts.map((one) => nameOf(one.receipt)).join(" ")}`);
    const outcomes = await this.onMove(moves, signal);
    moves.forEach(({ sends }, index) => {
      if (outcomes[index] === "ok") this.sent.push(...sends);
    });
    return outcomes;
  }

  classify(error: unknown): ErrorClass {
    return { code: error instanceof BrokerError ? error.code : "UNAVAILABLE" };
  }

  async close(): Promise<void> {}
}

/** A receipt that the log knows by its name. */
export function receiptOf(name: string): Receipt {
  return Object.assign({ queue: { role: "work", name: "normal", of: "default" } as const }, { label: name });
}

function nameOf(receipt: Receipt): string {
  return "label" in receipt ? String(receipt.label) : "?";
}

/** Nothing, as soon as the signal fires. */
export function aborted(signal: AbortSignal): Promise<[]> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve([]);
    signal.addEventListener("abort", () => resolve([]), { once: true });
  });
}

/** A scripted backend behind the one door, on a clock that stands still. */
export function scripted(profile: Partial<Profile> = {}, observer?: Observer) {
  const clock = new VirtualClock();
  const backend = new ScriptedBackend(profile);
  const random = () => 0.5;
  const calls = new Calls({ backend, clock, random, observer });
  return { clock, backend, calls, random };
}

/** Deliveries of these bytes, with receipts called 0, 1, …. */
export function deliveriesOf(frames: readonly { readonly bytes: Uint8Array }[]): Delivery[] {
  return frames.map(({ bytes }, index) => ({ receipt: receiptOf(`${index}`), bytes, redelivery: 0 }));
}
