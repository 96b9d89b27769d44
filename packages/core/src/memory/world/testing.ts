import { VirtualClock } from "../../clock.ts";
import type { Delivery, HoldOutcome, Profile, Queue, Want } from "../../contract/index.ts";
import { memory } from "../index.ts";
import { DEAD, failureOf, frame, never, REPLY, textsOf, WORK } from "../testing.ts";
import { type Character, characters } from "./characters.ts";
import type { MemorySession } from "./session.ts";
import type { WorldOptions } from "./world-options.ts";

// What the tests of this folder share; not a part of the package.

export { DEAD, frame, never, REPLY, textsOf, WORK };
export const LEASE_MS = 3_000;
/** SQS with polls that end soon. */
const SHORT_POLL = { pollMs: 1_000 } as const;
type Frames = readonly (string | ReturnType<typeof frame>)[];
type Held = Delivery | readonly Delivery[];

export const all: readonly Character[] = Object.keys(characters) as Character[];

/** The characters whose profile says so. */
export function those(of: (profile: Profile) => boolean): readonly Character[] {
  return all.filter((character) => of(characters[character].profile));
}

/** A world on a virtual clock, with short forms of the verbs of its sessions; time goes on until a verb has answered. */
export class Bench {
  readonly clock = new VirtualClock();
  readonly first: MemorySession;

  private constructor(options: WorldOptions & { readonly character: Character }) {
    this.first = memory(options);
  }

  static async open(character: Character, options: Omit<WorldOptions, "character"> = {}): Promise<Bench> {
    const profile = character === "sqs" ? { ...SHORT_POLL, ...options.profile } : (options.profile ?? {});
    const bench = new Bench({ ...options, profile, character });
    await bench.join(bench.first);
    return bench;
  }

  /** Another session of the same world, opened. */
  async another(...receive: readonly Queue[]): Promise<MemorySession> {
    const session = this.first.session();
    await this.join(session, ...receive);
    return session;
  }

  join(session: MemorySession, ...receive: readonly Queue[]): Promise<void> {
    const queues = receive.length === 0 ? [WORK, REPLY] : receive;
    const options = { receive: queues, send: [WORK, DEAD], create: true, leaseMs: LEASE_MS, clock: this.clock };
    return this.until(session.open(options, never));
  }

  /** Lets time go on until the promise settles. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    if (!(await this.clock.advanceUntil(() => settled, 86_400_000))) throw new Error("it never settles");
    return promise;
  }

  async send(frames: Frames, queue: Queue = WORK, session = this.first): Promise<unknown[]> {
    const made = frames.map((one) => (typeof one === "string" ? frame(one) : one));
    return (await this.until(session.send(queue, made, never))).map(failureOf);
  }

  take(want: Partial<Want> = {}, session = this.first, queue: Queue = WORK): Promise<readonly Delivery[]> {
    return this.until(session.receive(queue, { max: 10, waitMs: 100, leaseMs: LEASE_MS, ...want }, never));
  }

  /** Takes until nothing comes any more. */
  async takeAll(session = this.first, queue: Queue = WORK): Promise<Delivery[]> {
    const got: Delivery[] = [];
    for (;;) {
      const more = await this.take({}, session, queue);
      if (more.length === 0) return got;
      got.push(...more);
    }
  }

  async ack(held: Held, session = this.first): Promise<unknown[]> {
    const settlements = [held].flat().map(({ receipt }) => ({ kind: "ack", receipt }) as const);
    return (await this.until(session.settle(settlements, never))).map(failureOf);
  }

  async release(held: Held, delayMs = 0, session = this.first): Promise<unknown[]> {
    const settlements = [held].flat().map(({ receipt }) => ({ kind: "release", receipt, delayMs }) as const);
    return (await this.until(session.settle(settlements, never))).map(failureOf);
  }

  async renew(held: Held, session = this.first, leaseMs = LEASE_MS): Promise<unknown[]> {
    const receipts = [held].flat().map(({ receipt }) => receipt);
    return (await this.until<readonly HoldOutcome[]>(session.renew(receipts, leaseMs, never))).map(failureOf);
  }
}

/** `text×redelivery`, sorted. */
export function counted(deliveries: readonly Delivery[]): string[] {
  return deliveries.map((delivery) => `${textsOf([delivery])[0]}×${delivery.redelivery}`).sort();
}
