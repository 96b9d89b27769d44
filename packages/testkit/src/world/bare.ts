import assert from "node:assert/strict";
import type {
  Backend,
  Delivery,
  ErrorClass,
  HoldOutcome,
  OutFrame,
  Queue,
  Receipt,
  SendOutcome,
  Want,
} from "@org/dispatch-core/contract";
import type { Process } from "./process.ts";
import { QUEUE, WORK, type World } from "./world.ts";

/** A signal that never fires. */
export const never: AbortSignal = new AbortController().signal;

export const REPLY: Queue = Object.freeze({ role: "reply", name: "coordinator-1", of: QUEUE });
/** Another user's queue. */
export const OTHER: Queue = Object.freeze({ role: "work", name: "normal", of: "others" });

/** A frame whose bytes are `text`; its id is `text` too, and it is a first one, unless `more` says otherwise. */
export function frameOf(text: string, more: Partial<OutFrame> = {}): OutFrame {
  const id = more.id ?? text;
  const bytes = new TextEncoder().encode(text);
  return { bytes, id, name: `${id}#0.0~0`, first: true, priority: 5, delayMs: 0, key: undefined, ...more };
}

export function textsOf(frames: readonly { readonly bytes: Uint8Array }[]): string[] {
  return frames.map(({ bytes }) => new TextDecoder().decode(bytes));
}

/** So long before its end a lease is looked at: where the clock is the machine's, the way to the broker and the broker's own clock take some of it. */
const justBeforeMs = ({ time }: World): number => (time.isVirtual ? 1 : 100);

/** A lease that was asked for at `askedAt` is all but over. On a machine that is late it may be over by then. */
export async function almostOver(world: World, askedAt: number, leaseMs = world.leaseMs): Promise<void> {
  await world.time.pass(Math.max(0, askedAt + leaseMs - justBeforeMs(world) - world.clock.now()));
}

/** I6: what was held from `askedAt` on came to nobody before its lease was over. A machine may be so slow that it is over when somebody looks. */
export function staysHeld(
  { clock, leaseMs: usualMs }: World,
  askedAt: number,
  came: readonly Delivery[],
  { why = "the frame is leased twice", leaseMs = usualMs } = {},
): void {
  const heldMs = clock.now() - askedAt;
  assert.ok(came.length === 0 || heldMs >= leaseMs, `I6: ${why}, ${heldMs} ms after its lease was asked for`);
}

/** What came again so long after its lease was asked for has not come before the lease was over, as far as two clocks can tell. */
export function cameAfter(world: World, heldMs: number, leaseMs = world.leaseMs): void {
  assert.ok(
    heldMs >= leaseMs - justBeforeMs(world),
    `I6: it came again after ${heldMs} ms, its lease is ${leaseMs} ms`,
  );
}

/** One connection without core, for cases about the seam: short forms of the verbs. */
export class Bare {
  readonly backend: Backend;
  readonly process: Process;
  readonly #world: World;
  /** When the last receive or renewal was asked for: what it has brought or prolonged is held for at least a lease from then on. */
  askedAt = 0;

  private constructor(world: World, process: Process) {
    this.#world = world;
    this.process = process;
    this.backend = process.backend;
  }

  /** Opens the work and reply queues of the case, and one of another user's, unless told which. */
  static async open(world: World, receive: readonly Queue[] = [WORK, REPLY, OTHER]): Promise<Bare> {
    const bare = Bare.unopened(world);
    await bare.openMore(receive);
    return bare;
  }

  /** One that has no queues yet. */
  static unopened(world: World): Bare {
    return new Bare(world, world.process("bare"));
  }

  async openMore(receive: readonly Queue[], create = true): Promise<void> {
    const { leaseMs, clock, time } = this.#world;
    const options = { receive, send: [WORK, OTHER], create, leaseMs, clock };
    await time.wait(this.backend.open(options, never), "open answers");
  }

  /** What opening the work queue says where it may not be made; undefined where it is open then. */
  async refusal(): Promise<ErrorClass | undefined> {
    try {
      await this.openMore([WORK], false);
      return undefined;
    } catch (error) {
      return this.backend.classify(error);
    }
  }

  /** More than `limits.batchFrames` in several calls, as core would; so do `ack`, `release` and `renew`. */
  send(frames: readonly (string | OutFrame)[], queue: Queue = WORK): Promise<readonly SendOutcome[]> {
    const all = frames.map((one) => (typeof one === "string" ? frameOf(one) : one));
    return this.#each("send", all, (some) => this.backend.send(queue, some, never));
  }

  /** By default up to 10 frames, waiting for a moment: a longer one where the broker has to be reached, maybe from a machine that is busy. */
  receive(want: Partial<Want> = {}, queue: Queue = WORK, signal: AbortSignal = never): Promise<readonly Delivery[]> {
    const { leaseMs, time } = this.#world;
    const whole = { max: 10, waitMs: time.isVirtual ? 100 : 1_000, leaseMs, ...want };
    this.askedAt = this.#world.clock.now();
    return this.#world.time.wait(this.backend.receive(queue, whole, signal), "receive answers");
  }

  /** Receives until `count` frames are there, or none comes any more. */
  async receiveAll(count: number, want: Partial<Want> = {}, queue: Queue = WORK): Promise<readonly Delivery[]> {
    const all: Delivery[] = [];
    while (all.length < count) {
      const more = await this.receive({ ...want, max: Math.min(want.max ?? 10, count - all.length) }, queue);
      if (more.length === 0) break;
      all.push(...more);
    }
    return all;
  }

  ack(...held: readonly { readonly receipt: Receipt }[]): Promise<readonly HoldOutcome[]> {
    const settlements = held.map(({ receipt }) => ({ kind: "ack", receipt }) as const);
    return this.#each("settle", settlements, (some) => this.backend.settle(some, never));
  }

  release(delayMs: number, ...held: readonly { readonly receipt: Receipt }[]): Promise<readonly HoldOutcome[]> {
    const settlements = held.map(({ receipt }) => ({ kind: "release", receipt, delayMs }) as const);
    return this.#each("settle", settlements, (some) => this.backend.settle(some, never));
  }

  renew(...held: readonly { readonly receipt: Receipt }[]): Promise<readonly HoldOutcome[]> {
    const receipts = held.map(({ receipt }) => receipt);
    this.askedAt = this.#world.clock.now();
    return this.#each("renew", receipts, (some) => this.backend.renew(some, this.#world.leaseMs, never));
  }

  async #each<I, O>(
    verb: string,
    items: readonly I[],
    call: (some: readonly I[]) => Promise<readonly O[]>,
  ): Promise<readonly O[]> {
    const { profile, time } = this.#world;
    const { batchFrames } = profile.limits;
    const answers: O[] = [];
    for (let at = 0; at === 0 || at < items.length; at += batchFrames)
      answers.push(...(await time.wait(call(items.slice(at, at + batchFrames)), `${verb} answers`)));
    return answers;
  }
}

/** I6: who has renewed what it holds can still settle it, as long as that lease is not over. */
export async function isStillHeard(
  { clock, leaseMs }: World,
  bare: Bare,
  askedAt: number,
  held: readonly Delivery[],
): Promise<void> {
  for (const outcome of await bare.ack(...held)) {
    const heldMs = clock.now() - askedAt;
    assert.ok(outcome === "ok" || heldMs >= leaseMs, `I6: ${String(outcome)}, ${heldMs} ms after it was renewed`);
  }
}
