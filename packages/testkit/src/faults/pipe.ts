import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { corrupted, passing, type WireFault } from "./wire-faults.ts";

/** Above so many bytes on their way the sender is held up, as by the window of a real connection. */
const WINDOW_BYTES = 1024 * 1024;

/** A throttled wire passes so many portions a second. */
const PORTIONS_PER_SECOND = 50;

/** Bytes on their way; without any: the end of the stream. */
interface Passage {
  readonly bytes: Buffer | undefined;
  readonly dueAt: number;
}

export interface PipeOptions {
  readonly from: Socket;
  readonly to: Socket;
  readonly fault: WireFault;
  /** Fires when the connection is over: nothing passes any more. */
  readonly over: AbortSignal;
  readonly random: () => number;
  /** The cut is here. */
  readonly cut: () => void;
}

/** One direction of one connection: bytes in order, late, slow, held back or changed, as the fault says at the moment at which they would pass. */
export class Pipe {
  readonly #options: PipeOptions;
  readonly #queue: Passage[] = [];
  #waitingBytes = 0;
  #dueAt = 0;
  #isPumping = false;
  #isEnded = false;

  constructor(options: PipeOptions) {
    this.#options = options;
    options.from.on("data", (bytes: Buffer) => this.#take(bytes));
    options.from.on("end", () => this.#take(undefined));
  }

  /** Goes on with what a black hole has held back. */
  resume(): void {
    void this.#pump();
  }

  /** Ends the stream for the receiver, whatever the sender still says. */
  end(): void {
    this.#isEnded = true;
    this.#queue.length = 0;
    this.#waitingBytes = 0;
    this.#options.from.resume();
    this.#options.to.end();
  }

  #take(bytes: Buffer | undefined): void {
    if (this.#isEnded) return;
    const { fault, from, random } = this.#options;
    // In order, whatever the jitter.
    this.#dueAt = Math.max(this.#dueAt, performance.now() + fault.latencyMs + random() * fault.jitterMs);
    this.#queue.push({ bytes, dueAt: this.#dueAt });
    this.#waitingBytes += bytes?.length ?? 0;
    if (this.#waitingBytes > WINDOW_BYTES) from.pause();
    void this.#pump();
  }

  async #pump(): Promise<void> {
    const { fault, over, from } = this.#options;
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      for (let head = this.#queue[0]; head !== undefined && !over.aborted; head = this.#queue[0]) {
        const waitMs = head.dueAt - performance.now();
        if (waitMs > 0) await sleep(Math.ceil(waitMs), undefined, { signal: over });
        if (fault.isBlack) return;
        if (this.#queue[0] !== head) continue;
        this.#queue.shift();
        await this.#pass(head.bytes);
        this.#waitingBytes -= Math.min(this.#waitingBytes, head.bytes?.length ?? 0);
        if (this.#waitingBytes <= WINDOW_BYTES) from.resume();
      }
    } catch (error) {
      if (!over.aborted) throw error;
    } finally {
      this.#isPumping = false;
    }
  }

  async #pass(bytes: Buffer | undefined): Promise<void> {
    const { fault, over, to, cut } = this.#options;
    if (bytes === undefined) return void to.end();
    for (let at = 0; at < bytes.length && !this.#isEnded && !over.aborted; ) {
      const rate = fault.bytesPerSecond;
      const most = rate > 0 ? Math.max(1, Math.floor(rate / PORTIONS_PER_SECOND)) : bytes.length;
      const portion = bytes.subarray(at, at + most);
      if (rate > 0) await sleep((portion.length / rate) * 1000, undefined, { signal: over });
      // What was thrown into the hole meanwhile lies there until it ends.
      if (fault.isBlack) return void this.#putBack(bytes.subarray(at));
      if (this.#isEnded) return;
      const passed = passing(fault, portion.length);
      if (passed > 0) await written(to, corrupted(fault, portion.subarray(0, passed)));
      if (passed < portion.length) return cut();
      at += portion.length;
    }
  }

  #putBack(bytes: Buffer): void {
    this.#queue.unshift({ bytes, dueAt: 0 });
    this.#waitingBytes += bytes.length;
  }
}

/** Resolves when the bytes are the kernel's, also where the connection has ended meanwhile. */
function written(to: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (to.destroyed || to.writableEnded) resolve();
    else to.write(bytes, () => resolve());
  });
}
