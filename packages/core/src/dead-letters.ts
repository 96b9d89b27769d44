import type { Calls } from "./call.ts";
import type { BodyCodec, Payloads } from "./codec/body.ts";
import { CLAIM_CODEC } from "./codec/claim.ts";
import { decodeFrame, isBad } from "./codec/frame.ts";
import { REJECTED_TASK, redriveFrame } from "./codec/maker.ts";
import type { Clock, Delivery, EndCode, Frame, Headers, OutFrame, Queue, WireError } from "./contract/index.ts";
import { DispatchError } from "./errors.ts";
import { deadQueue, workQueue } from "./queues.ts";
import type { Until } from "./retrying.ts";
import type { Routes } from "./routes.ts";

/** A task that ended dead, and why. */
export interface DeadLetter {
  /** `run/index`. */
  readonly id: string;
  /** `run/index#round.attempt~copy`. */
  readonly name: string;
  readonly task: string;
  /** The user's own id. */
  readonly ref?: string | undefined;
  readonly reason: EndCode;
  readonly error: WireError;
  readonly attempts: number;
  readonly lost: number;
  /** Wall-clock ms. */
  readonly firstSentAt: number;
  readonly diedAt: number;
  readonly headers?: Headers | undefined;
  readonly payload?: unknown;
}

/** By `id` (or by the user's own id), or all of them. */
export type Selection = { readonly ids: readonly string[] } | { readonly all: true };

const PAGE = 100;

/** Where a receive is a poll, one that does not wait may see nothing though there is something: SQS then asks some of its servers only. */
const POLL_MS = 1_000;
const CALL_MS = 30_000;

export interface DeadLettersOptions {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly queue: string;
  readonly leaseMs: number;
  readonly routes: Routes;
  readonly codec: BodyCodec;
}

/** The dead letters of one queue: looked at without taking them, sent again as the next round, or thrown away. */
export class DeadLetters {
  readonly #calls: Calls;
  readonly #clock: Clock;
  readonly #dead: Queue;
  readonly #queue: string;
  readonly #routes: Routes;
  readonly #codec: BodyCodec;
  readonly #leaseMs: number;

  constructor({ calls, clock, queue, leaseMs, routes, codec }: DeadLettersOptions) {
    this.#calls = calls;
    this.#clock = clock;
    this.#queue = queue;
    this.#dead = deadQueue(queue);
    this.#routes = routes;
    this.#codec = codec;
    this.#leaseMs = leaseMs;
  }

  /**
   * Each once, also where one lies there twice under its name; without a payload that lies in a blob store. Throws `UNSUPPORTED` where the backend
   * cannot browse.
   */
  async *list(): AsyncGenerator<DeadLetter> {
    for await (const [letter, frame] of this.#browse()) {
      const payloads = isClaimed(frame) ? undefined : await this.#codec.payloads(frame);
      yield withPayload(letter, payloads);
    }
  }

  /** One with all that it has, by its id or the user's own. */
  async show(id: string): Promise<DeadLetter | undefined> {
    for await (const [letter, frame] of this.#browse()) {
      if (letter.id !== id && letter.ref !== id) continue;
      return withPayload(letter, await this.#codec.payloads(frame, this.#until()));
    }
    return undefined;
  }

  async *#browse(): AsyncGenerator<readonly [DeadLetter, Frame]> {
    const seen = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await this.#calls.browse(this.#dead, { cursor, max: PAGE }, this.#until());
      for (const { bytes } of page.frames) {
        const frame = this.#decode(bytes);
        const letter = letterOf(frame);
        if (frame === undefined || letter === undefined || seen.has(letter.name)) continue;
        seen.add(letter.name);
        yield [letter, frame];
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /**
   * Sends the selected ones again as the next round, with fresh counters and without their deadlines, and answers how many. What is not selected is put
   * back, and so is what was never a task of ours, and what has died again meanwhile. Stops early, with what it has done, when it takes longer than half
   * a lease: call it again.
   */
  async redrive(selection: Selection): Promise<number> {
    const wanted = "all" in selection ? undefined : new Set(selection.ids);
    const startedAt = this.#clock.now();
    const held = new Set<Delivery>();
    const redriven = new Set<string>();
    const rounds = new Map<string, number>();
    const { limits, pollMs } = this.#calls.backend.profile;
    const max = Math.min(PAGE, limits.batchFrames);
    const waitMs = pollMs > 0 ? Math.min(pollMs, POLL_MS) : 0;
    try {
      while (this.#clock.now() - startedAt < this.#leaseMs / 2) {
        const want = { max, waitMs, leaseMs: this.#leaseMs };
        const deliveries = await this.#calls.receive(this.#dead, want, new AbortController().signal);
        if (deliveries.length === 0) break;
        for (const delivery of deliveries) held.add(delivery);
        for (const delivery of deliveries) {
          const frame = this.#decode(delivery.bytes);
          const letter = letterOf(frame);
          if (frame === undefined || letter === undefined || !isWanted(letter, wanted)) continue;
          // Workers may be as quick as this is: what they bury again would be sent again, for as long as this may take.
          if (frame.round > (rounds.get(letter.id) ?? frame.round)) continue;
          rounds.set(letter.id, frame.round);
          if (redriven.has(letter.name)) await this.#settle([delivery], "ack");
          else if (await this.#resend(delivery, frame)) redriven.add(letter.name);
          held.delete(delivery);
        }
      }
    } finally {
      await this.#settle([...held], "release");
    }
    return redriven.size;
  }

  /** Throws them away; answers how many. */
  purge(): Promise<number> {
    return this.#calls.ask("purge", this.#until(), (backend, signal) => backend.purge(this.#dead, signal));
  }

  /** Send first, ack second; in one step where the broker can. */
  async #resend({ receipt }: Delivery, dead: Frame): Promise<boolean> {
    const frame: OutFrame = redriveFrame(dead, this.#clock.wall());
    const work = workQueue(this.#queue, this.#routes.laneOf(dead.priority));
    if (this.#calls.backend.profile.verbs.includes("move")) {
      const [moved] = await this.#calls.move(
        [{ receipts: [{ receipt, ack: true }], sends: [{ queue: work, frame }] }],
        this.#until(),
      );
      if (moved instanceof DispatchError) throw moved;
      if (typeof moved === "object" && "gone" in moved) throw goneError(work);
      return moved === "ok";
    }
    const [sent] = await this.#calls.send(work, [frame], this.#until());
    if (sent instanceof DispatchError) throw sent;
    if (sent === "gone") throw goneError(work);
    const [acked] = await this.#calls.settle([{ kind: "ack", receipt }], this.#until());
    if (acked instanceof DispatchError) throw acked;
    return true;
  }

  async #settle(deliveries: readonly Delivery[], kind: "ack" | "release"): Promise<void> {
    if (deliveries.length === 0) return;
    await this.#calls.settle(
      deliveries.map(({ receipt }) => (kind === "ack" ? { kind, receipt } : { kind, receipt, delayMs: 0 })),
      this.#until(),
    );
  }

  #decode(bytes: Uint8Array): Frame | undefined {
    const frame = decodeFrame(bytes, this.#dead.of, "");
    return isBad(frame) ? undefined : frame;
  }

  #until(): Until {
    return { deadline: this.#clock.now() + CALL_MS };
  }
}

function goneError({ of, name }: Queue): DispatchError {
  return new DispatchError("MISSING", `the work queue "${of}/${name}" is gone`);
}

function isWanted({ id, ref, task }: DeadLetter, wanted: ReadonlySet<string> | undefined): boolean {
  if (task === REJECTED_TASK) return false;
  return wanted === undefined || wanted.has(id) || (ref !== undefined && wanted.has(ref));
}

function letterOf(frame: Frame | undefined): DeadLetter | undefined {
  const info = frame?.tasks[0];
  if (frame?.death === undefined || info === undefined) return undefined;
  const { reason, error, attempts, lost, firstSentAt, diedAt } = frame.death;
  return {
    id: `${frame.run}/${frame.first}`,
    name: frame.name,
    task: info.task,
    ...(info.id === undefined ? {} : { ref: info.id }),
    reason,
    error,
    attempts,
    lost,
    firstSentAt,
    diedAt,
    ...(info.headers === undefined ? {} : { headers: info.headers }),
  };
}

function withPayload(letter: DeadLetter, payloads: Payloads | undefined): DeadLetter {
  if (payloads === undefined || "bad" in payloads) return letter;
  const { values } = payloads;
  // A pack that was buried as it is: all of it.
  return { ...letter, payload: values.length > 1 ? values : values[0] };
}

function isClaimed({ codecs }: Frame): boolean {
  return codecs.includes(CLAIM_CODEC);
}
