import type { Calls, Until } from "./call.ts";
import { decodeFrame, isBad } from "./codec/frame.ts";
import { onePayload } from "./codec/json.ts";
import { REJECTED_TASK, redriveFrame } from "./codec/maker.ts";
import type { Clock, Delivery, EndCode, Frame, Headers, OutFrame, Queue, WireError } from "./contract/index.ts";
import { DispatchError } from "./errors.ts";
import { deadQueue, workQueue } from "./queues.ts";

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
const CALL_MS = 30_000;

/** The dead letters of one queue: looked at without taking them, sent again as the next round, or thrown away. */
export class DeadLetters {
  readonly #calls: Calls;
  readonly #clock: Clock;
  readonly #dead: Queue;
  readonly #work: Queue;
  readonly #leaseMs: number;

  constructor(calls: Calls, clock: Clock, queue: string, leaseMs: number) {
    this.#calls = calls;
    this.#clock = clock;
    this.#dead = deadQueue(queue);
    this.#work = workQueue(queue);
    this.#leaseMs = leaseMs;
  }

  /** Each once, also where one lies there twice under its name. Throws `UNSUPPORTED` where the backend cannot browse. */
  async *list(): AsyncGenerator<DeadLetter> {
    const seen = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await this.#calls.ask("browse", this.#until(), (backend, signal) =>
        backend.browse(this.#dead, { cursor, max: PAGE }, signal),
      );
      for (const { bytes } of page.frames) {
        const letter = letterOf(this.#decode(bytes));
        if (letter === undefined || seen.has(letter.name)) continue;
        seen.add(letter.name);
        yield letter;
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  async show(id: string): Promise<DeadLetter | undefined> {
    for await (const letter of this.list()) if (letter.id === id || letter.ref === id) return letter;
    return undefined;
  }

  /**
   * Sends the selected ones again as the next round, with fresh counters and without their deadlines, and answers how many. What is not selected is put
   * back, and so is what was never a task of ours. Stops early, with what it has done, when it takes longer than half a lease: call it again.
   */
  async redrive(selection: Selection): Promise<number> {
    const wanted = "all" in selection ? undefined : new Set(selection.ids);
    const startedAt = this.#clock.now();
    const held = new Set<Delivery>();
    const redriven = new Set<string>();
    const max = Math.min(PAGE, this.#calls.backend.profile.limits.batchFrames);
    try {
      while (this.#clock.now() - startedAt < this.#leaseMs / 2) {
        const want = { max, waitMs: 0, leaseMs: this.#leaseMs };
        const deliveries = await this.#calls.receive(this.#dead, want, new AbortController().signal);
        if (deliveries.length === 0) break;
        for (const delivery of deliveries) held.add(delivery);
        for (const delivery of deliveries) {
          const frame = this.#decode(delivery.bytes);
          const letter = letterOf(frame);
          if (frame === undefined || letter === undefined || !isWanted(letter, wanted)) continue;
          if (redriven.has(letter.name)) await this.#settle([delivery], "ack");
          else if (await this.#resend(delivery, redriveFrame(frame))) redriven.add(letter.name);
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
  async #resend({ receipt }: Delivery, frame: OutFrame): Promise<boolean> {
    if (this.#calls.backend.profile.verbs.includes("move")) {
      const [moved] = await this.#calls.move(
        [{ receipts: [{ receipt, ack: true }], sends: [{ queue: this.#work, frame }] }],
        this.#until(),
      );
      if (moved instanceof DispatchError) throw moved;
      return moved === "ok";
    }
    const [sent] = await this.#calls.send(this.#work, [frame], this.#until());
    if (sent instanceof DispatchError) throw sent;
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

function isWanted({ id, ref, task }: DeadLetter, wanted: ReadonlySet<string> | undefined): boolean {
  if (task === REJECTED_TASK) return false;
  return wanted === undefined || wanted.has(id) || (ref !== undefined && wanted.has(ref));
}

function letterOf(frame: Frame | undefined): DeadLetter | undefined {
  const info = frame?.tasks[0];
  if (frame?.death === undefined || info === undefined) return undefined;
  const { reason, error, attempts, lost, firstSentAt, diedAt } = frame.death;
  const payload = onePayload(frame);
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
    ...("bad" in payload ? {} : { payload: payload.value }),
  };
}
