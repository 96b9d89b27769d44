import { type Backoff, backoffMs, type Random } from "../backoff.ts";
import type { Calls } from "../call.ts";
import type { BadFrame, Beat, Clock, Frame, Queue, Receipt, ReplyBody } from "../contract/index.ts";
import { takeBackCredit } from "../credit.ts";
import { DispatchError } from "../errors.ts";
import type { Eventual } from "../eventual.ts";
import { pause } from "../pause.ts";
import { readBeat, readReply } from "./reply-body.ts";

export interface ReaderPort {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly random: Random;
  readonly queue: Queue;
  readonly leaseMs: number;
  readonly waitMs: number;
  decode(bytes: Uint8Array): Frame | BadFrame;
  /** Rejects with a DispatchError where a blob store does not answer: then the frame comes again. */
  body(frame: Frame): Eventual<{ readonly value: unknown } | BadFrame>;
  /** It was taken in and acked: what it left elsewhere is not needed any more. */
  acked(frame: Frame): void;
  reply(body: ReplyBody): void;
  beat(beat: Beat): void;
  rejected(bad: BadFrame, bytes: number): void;
}

const FAILED: Backoff = { baseMs: 100, maxMs: 2_000 };
const FRAMES = 100;

/**
 * An ordinary consumer of the reply queue: takes frames, hands their content on, and acks them when it was taken in. A crash in between brings them once
 * more, which changes nothing. When it ends, it says that it wants no more.
 */
export class Reader {
  readonly #port: ReaderPort;
  /** Monotonic ms of the last time that the queue was read to its end. */
  emptyAt = Number.NEGATIVE_INFINITY;

  constructor(port: ReaderPort) {
    this.#port = port;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { calls, clock, queue, leaseMs, waitMs } = this.#port;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const requestedAt = clock.now();
        const deliveries = await calls.receive(queue, { max: FRAMES, waitMs, leaseMs }, signal);
        failures = 0;
        const taken: [Receipt, Frame | undefined][] = [];
        for (const [index, { receipt, bytes }] of deliveries.entries()) {
          // A turn for each: whoever reads the results takes these before there are more, and the sender fills the room that they leave.
          if (index > 0) await new Promise<void>((resolve) => clock.soon(resolve));
          const frame = await this.#take(bytes);
          if (frame !== "later") taken.push([receipt, frame]);
        }
        if (deliveries.length < FRAMES) this.emptyAt = clock.now();
        if (taken.length > 0) void this.#ack(taken, requestedAt + leaseMs);
      } catch (error) {
        if (!(error instanceof DispatchError)) throw error;
        await pause(clock, backoffMs(FAILED, failures, this.#port.random), signal);
        failures += 1;
      }
    }
    // Nobody else says so where the queue is not removed: what reads it for this one would be kept ready.
    await takeBackCredit(this.#port, [this.#port.queue], this.#port.leaseMs / 10);
  }

  /** Hands on what a frame holds. Answers the frame, nothing where it was none of ours, or `later` where it has to come again. */
  #take(bytes: Uint8Array): Eventual<Frame | undefined | "later"> {
    const frame = this.#port.decode(bytes);
    if ("bad" in frame) {
      this.#port.rejected(frame, bytes.length);
      return undefined;
    }
    const body = this.#port.body(frame);
    if (!(body instanceof Promise)) return this.#handOn(frame, body, bytes.length);
    return body.then(
      (ready) => this.#handOn(frame, ready, bytes.length),
      () => "later" as const,
    );
  }

  #handOn(frame: Frame, body: { readonly value: unknown } | BadFrame, bytes: number): Frame {
    const port = this.#port;
    if ("bad" in body) {
      port.rejected(body, bytes);
      return frame;
    }
    const reply = frame.type === "result" ? readReply(body.value) : undefined;
    const beat = frame.type === "beat" ? readBeat(body.value) : undefined;
    if (reply !== undefined) port.reply(reply);
    else if (beat !== undefined) port.beat(beat);
    else port.rejected({ bad: "FRAME_INVALID", detail: `a ${frame.type} that nobody can use here` }, bytes);
    return frame;
  }

  async #ack(taken: readonly (readonly [Receipt, Frame | undefined])[], deadline: number): Promise<void> {
    const answers = await this.#port.calls.settle(
      taken.map(([receipt]) => ({ kind: "ack", receipt })),
      { deadline },
    );
    taken.forEach(([, frame], index) => {
      if (answers[index] === "ok" && frame !== undefined) this.#port.acked(frame);
    });
  }
}
