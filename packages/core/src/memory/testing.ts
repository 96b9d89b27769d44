import { VirtualClock } from "../clock.ts";
import type { Delivery, OutFrame, Queue, Receipt, Timer, Want } from "../contract/index.ts";
import { type MemoryBackend, type MemoryOptions, memory } from "./index.ts";

// What the tests of this folder share; not a part of the package.

export const WORK: Queue = { role: "work", name: "normal", of: "default" };
export const LATER: Queue = { role: "later", name: "later", of: "default" };
export const DEAD: Queue = { role: "dead", name: "dead", of: "default" };
export const REPLY: Queue = { role: "reply", name: "coordinator-1", of: "default" };
export const LEASE_MS = 1000;
export const never: AbortSignal = new AbortController().signal;

/** A virtual clock that knows which timers are set. */
export class WatchedClock extends VirtualClock {
  readonly set = new Set<{ readonly background: boolean }>();

  override after(ms: number, run: () => void, background = false): Timer {
    const entry = { background };
    this.set.add(entry);
    const timer = super.after(ms, () => {
      this.set.delete(entry);
      run();
    });
    return {
      cancel: () => {
        this.set.delete(entry);
        timer.cancel();
      },
    };
  }
}

/** A frame whose bytes are `text`; its id is `text` too, and it is a first one, unless `more` says otherwise. */
export function frame(text: string, more: Partial<OutFrame> = {}): OutFrame {
  const id = more.id ?? text;
  const bytes = new TextEncoder().encode(text);
  return { bytes, id, name: `${id}#0.0~0`, first: true, priority: 5, delayMs: 0, key: undefined, ...more };
}

export function textsOf(frames: readonly { readonly bytes: Uint8Array }[]): string[] {
  return frames.map(({ bytes }) => new TextDecoder().decode(bytes));
}

/** The whole sentence that a failed outcome carries, as `CODE: message`; anything else as it is. */
export function failureOf(outcome: unknown): unknown {
  if (typeof outcome !== "object" || outcome === null || !("failed" in outcome)) return outcome;
  const { failed } = outcome;
  return failed instanceof Error && "code" in failed ? `${failed.code}: ${failed.message}` : failed;
}

/** A memory backend on a virtual clock, with short forms of its verbs. */
export class World {
  readonly clock = new WatchedClock();
  readonly backend: MemoryBackend;

  private constructor(options?: MemoryOptions) {
    this.backend = memory(options);
  }

  static async open(options?: MemoryOptions, create = true): Promise<World> {
    const world = new World(options);
    const open = { receive: [WORK, REPLY], send: [WORK, LATER, DEAD], create, leaseMs: LEASE_MS, clock: world.clock };
    await world.backend.open(open, never);
    return world;
  }

  async send(frames: readonly (string | OutFrame)[], queue: Queue = WORK): Promise<unknown[]> {
    const outcomes = await this.backend.send(
      queue,
      frames.map((one) => (typeof one === "string" ? frame(one) : one)),
      never,
    );
    return outcomes.map(failureOf);
  }

  receive(want: Partial<Want> = {}, queue: Queue = WORK, signal = never): Promise<readonly Delivery[]> {
    return this.backend.receive(queue, { max: 100, waitMs: 0, leaseMs: LEASE_MS, ...want }, signal);
  }

  async texts(want: Partial<Want> = {}, queue: Queue = WORK): Promise<string[]> {
    return textsOf(await this.receive(want, queue));
  }

  async receipts(want: Partial<Want> = {}, queue: Queue = WORK): Promise<Receipt[]> {
    return (await this.receive(want, queue)).map(({ receipt }) => receipt);
  }

  ack(...receipts: readonly Receipt[]): Promise<readonly unknown[]> {
    return this.backend.settle(
      receipts.map((receipt) => ({ kind: "ack", receipt })),
      never,
    );
  }

  release(delayMs: number, ...receipts: readonly Receipt[]): Promise<readonly unknown[]> {
    return this.backend.settle(
      receipts.map((receipt) => ({ kind: "release", receipt, delayMs })),
      never,
    );
  }

  renew(leaseMs: number, ...receipts: readonly Receipt[]): Promise<readonly unknown[]> {
    return this.backend.renew(receipts, leaseMs, never);
  }

  /** `ready/leased/delayed`. */
  async depth(queue: Queue = WORK): Promise<string> {
    const { ready, leased, delayed, exact } = await this.backend.depth(queue, never);
    return exact ? `${ready}/${leased}/${delayed}` : "not exact";
  }
}
