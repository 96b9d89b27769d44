import { type Backoff, backoffMs, type Random } from "../backoff.ts";
import { type Calls, pause } from "../call.ts";
import type { BadFrame, Beat, Clock, Delivery, Frame, Queue, ReplyBody } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import { readBeat, readReply } from "./reply-body.ts";

export interface ReaderPort {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly random: Random;
  readonly queue: Queue;
  readonly leaseMs: number;
  readonly waitMs: number;
  decode(bytes: Uint8Array): Frame | BadFrame;
  body(frame: Frame): { readonly value: unknown } | BadFrame;
  reply(body: ReplyBody): void;
  beat(beat: Beat): void;
  rejected(bad: BadFrame, bytes: number): void;
}

const FAILED: Backoff = { baseMs: 100, maxMs: 2_000 };
const FRAMES = 100;

/**
 * An ordinary consumer of the reply queue: takes frames, hands their content on, and acks them when it was taken in. A crash in between brings them once
 * more, which changes nothing.
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
        for (const delivery of deliveries) this.#take(delivery);
        if (deliveries.length < FRAMES) this.emptyAt = clock.now();
        if (deliveries.length > 0) void this.#ack(deliveries, requestedAt + leaseMs);
      } catch (error) {
        if (!(error instanceof DispatchError)) throw error;
        await pause(clock, backoffMs(FAILED, failures, this.#port.random), signal);
        failures += 1;
      }
    }
  }

  #take({ bytes }: Delivery): void {
    const port = this.#port;
    const frame = port.decode(bytes);
    const body = "bad" in frame ? frame : port.body(frame);
    if ("bad" in frame) port.rejected(frame, bytes.length);
    else if ("bad" in body) port.rejected(body, bytes.length);
    else {
      const reply = frame.type === "result" ? readReply(body.value) : undefined;
      const beat = frame.type === "beat" ? readBeat(body.value) : undefined;
      if (reply !== undefined) port.reply(reply);
      else if (beat !== undefined) port.beat(beat);
      else port.rejected({ bad: "FRAME_INVALID", detail: `a ${frame.type} that nobody can use here` }, bytes.length);
    }
  }

  async #ack(deliveries: readonly Delivery[], deadline: number): Promise<void> {
    await this.#port.calls.settle(
      deliveries.map(({ receipt }) => ({ kind: "ack", receipt })),
      { deadline },
    );
  }
}
