import type { CallCode, SendOutcome } from "@org/dispatch-core/contract";
import type { ConfirmChannel } from "amqplib";
import { closeQuietly } from "./link.ts";
import type { Sending } from "./message.ts";
import { classifyError, RabbitRefusal } from "./rabbit-error.ts";

/** More that are not confirmed fill the memory of both sides and bring nothing. */
const WINDOW_MESSAGES = 2_000;

/** What ends a channel with one of these is an answer to one message. */
const REFUSALS: ReadonlySet<CallCode> = new Set(["DENIED", "MISSING", "MISMATCH", "TOO_LARGE"]);

/** One channel on which every message is answered by the server: confirmed, refused, or given back because there is no queue for it. */
export class Confirms {
  readonly #channel: ConfirmChannel;
  readonly #doubt: ((sendings: readonly Sending[]) => void) | undefined;
  readonly #pending = new Map<string, Sending>();
  readonly #returned = new Set<string>();
  readonly #waiting = new Set<() => void>();
  #sequence = 0;
  #isDrained = true;
  #error: unknown;
  #isRefusal = false;
  #isOver = false;

  /** `doubt`: one of these was refused, the others may have been taken; the server does not say. Not needed for one message at a time. */
  constructor(channel: ConfirmChannel, doubt?: (sendings: readonly Sending[]) => void) {
    this.#channel = channel;
    this.#doubt = doubt;
    channel.on("error", (error) => {
      this.#error = error;
      this.#isRefusal = REFUSALS.has(classifyError(error).code);
    });
    // Comes after the answers to what was pending.
    channel.on("close", () => {
      this.#isOver = true;
      this.#refused();
      this.#wake();
    });
    channel.on("drain", () => {
      this.#isDrained = true;
      this.#wake();
    });
    // Comes before the confirm of the same message.
    channel.on("return", ({ properties }) => {
      this.#returned.add(String(properties.messageId));
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get size(): number {
    return this.#pending.size;
  }

  get hasRoom(): boolean {
    return this.#isDrained && this.#pending.size < WINDOW_MESSAGES;
  }

  /** Resolves when there may be room, or the channel is over. */
  room(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
    });
  }

  publish(sending: Sending): void {
    this.#sequence += 1;
    const messageId = this.#sequence.toString(36);
    const { route, bytes, options } = sending.message;
    const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#pending.set(messageId, sending);
    try {
      const isTaken = this.#channel.publish(
        route.exchange,
        route.key,
        content,
        { ...options, messageId, mandatory: true },
        (error) => this.#answered(messageId, error),
      );
      if (!isTaken) this.#isDrained = false;
    } catch (failed) {
      this.#pending.delete(messageId);
      sending.done({ failed });
    }
  }

  close(): void {
    closeQuietly(this.#channel);
  }

  #answered(messageId: string, error: unknown): void {
    const sending = this.#pending.get(messageId);
    if (sending === undefined || this.#isRefusal) return;
    this.#pending.delete(messageId);
    sending.done(this.#outcomeOf(this.#returned.delete(messageId), error));
    if (this.#waiting.size > 0 && this.hasRoom) this.#wake();
  }

  #outcomeOf(isReturned: boolean, error: unknown): SendOutcome {
    if (error === null || error === undefined) return isReturned ? "gone" : "ok";
    if (!(error instanceof Error) || error.message !== "message nacked") return { failed: this.#error ?? error };
    return {
      failed: new RabbitRefusal("QUEUE_FULL", "RabbitMQ refused the message: its queue is full, or could not take it"),
    };
  }

  /** What is not answered when a channel is refused something. One alone was it. */
  #refused(): void {
    const sendings = [...this.#pending.values()];
    this.#pending.clear();
    if (sendings.length > 1) this.#doubt?.(sendings);
    else sendings[0]?.done({ failed: this.#error });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
