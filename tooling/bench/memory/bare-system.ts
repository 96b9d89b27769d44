/** The calls that a dispatcher makes of a backend, without the dispatcher: no leases are kept, nothing is retried, and nothing is checked. */

import type { Backend, Delivery, OutFrame, Queue } from "../../../packages/core/dist/contract.js";
import { systemClock } from "../../../packages/core/dist/index.js";
import { noOp, type Take } from "../subject.ts";

/** As the dispatcher's. */
const BATCH_TASKS = 500;
const LEASE_MS = 60_000;
const WAIT_MS = 20_000;
const WINDOW_TASKS = 10_000;

const work: Queue = { role: "work", name: "normal", of: "default" };
const reply: Queue = { role: "reply", name: "bare", of: "default" };
const never = new AbortController().signal;

export class BareSystem {
  readonly #backend: Backend;
  readonly #take: Take;
  readonly #frameTasks: number;
  readonly #end = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();
  #outstanding = 0;
  #room: (() => void) | undefined;

  /** `take` is told each result; `frameTasks`: so many tasks to a frame. */
  constructor(backend: Backend, take: Take, frameTasks: number) {
    this.#backend = backend;
    this.#take = take;
    this.#frameTasks = frameTasks;
  }

  async open(): Promise<void> {
    const options = { receive: [work, reply], send: [work], create: true, leaseMs: LEASE_MS, clock: systemClock() };
    await this.#backend.open(options, never);
  }

  /** Begins to run tasks, and to read results. */
  start(): void {
    this.#loops = Promise.all([
      this.#receiving(work, (frames) => this.#run(frames)),
      this.#receiving(reply, (frames) => this.#read(frames)),
    ]);
  }

  /** Ends both, when all results are read. */
  async stop(): Promise<void> {
    while (this.#outstanding > 0) await this.#someRead();
    this.#end.abort();
    await this.#loops;
  }

  /** Sends the payloads up to `to`; `windowTasks`: so many at most without their results. */
  async send(from: number, to: number, windowTasks = WINDOW_TASKS): Promise<void> {
    for (let first = from; first < to; first += BATCH_TASKS) {
      while (this.#outstanding >= windowTasks) await this.#someRead();
      const end = Math.min(to, first + BATCH_TASKS);
      const frames: OutFrame[] = [];
      for (let start = first; start < end; start += this.#frameTasks) {
        const payloads = Array.from({ length: Math.min(this.#frameTasks, end - start) }, (_, index) => start + index);
        frames.push(new BareFrame(JSON.stringify(payloads), String(start)));
      }
      this.#outstanding += end - first;
      await this.#backend.send(work, frames, never);
    }
  }

  async #receiving(queue: Queue, handle: (deliveries: readonly Delivery[]) => Promise<void>): Promise<void> {
    const want = { max: 2 * BATCH_TASKS, waitMs: WAIT_MS, leaseMs: LEASE_MS };
    while (!this.#end.signal.aborted) await handle(await this.#backend.receive(queue, want, this.#end.signal));
  }

  async #run(deliveries: readonly Delivery[]): Promise<void> {
    const frames = Math.max(1, Math.floor(BATCH_TASKS / this.#frameTasks));
    for (let first = 0; first < deliveries.length; first += frames) {
      const part = deliveries.slice(first, first + frames);
      const payloads = part.flatMap(({ bytes }) => JSON.parse(textOf(bytes)) as number[]);
      const results = await Promise.all(payloads.map(noOp));
      const frame = new BareFrame(JSON.stringify(results), "reply");
      const receipts = part.map(({ receipt }) => ({ receipt, ack: true }));
      await this.#backend.move?.([{ receipts, sends: [{ queue: reply, frame }] }], never);
    }
  }

  async #read(deliveries: readonly Delivery[]): Promise<void> {
    for (const { bytes } of deliveries) {
      const results = JSON.parse(textOf(bytes)) as number[];
      for (const value of results) this.#take(value);
      this.#outstanding -= results.length;
    }
    this.#room?.();
    this.#room = undefined;
    if (deliveries.length > 0)
      await this.#backend.settle(deliveries.map(({ receipt }) => ({ kind: "ack", receipt })), never); // biome-ignore format: one call
  }

  #someRead(): Promise<void> {
    return new Promise((resolve) => {
      this.#room = resolve;
    });
  }
}

class BareFrame implements OutFrame {
  readonly bytes: Buffer;
  readonly name: string;
  readonly id: string;
  readonly first = true;
  readonly priority = 5;
  readonly delayMs = 0;
  readonly key = undefined;

  constructor(json: string, id: string) {
    this.bytes = Buffer.from(json);
    this.name = id;
    this.id = id;
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
