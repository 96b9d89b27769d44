import type { SendOutcome } from "@org/dispatch-core/contract";
import type { ConfirmChannel, Options } from "amqplib";
import { RabbitRefusal } from "./rabbit-error.ts";

/** More that are not confirmed fill the memory of both sides and bring nothing. */
const WINDOW_MESSAGES = 2_000;

interface Pending {
  readonly done: (outcome: SendOutcome) => void;
  isReturned: boolean;
}

/** One channel on which every message is answered by the server: confirmed, refused, or given back because there is no queue for it. */
export class Confirms {
  readonly #channel: ConfirmChannel;
  readonly #pending = new Map<string, Pending>();
  readonly #waiting = new Set<() => void>();
  #sequence = 0;
  #isDrained = true;
  #error: unknown;
  #isOver = false;

  constructor(channel: ConfirmChannel) {
    this.#channel = channel;
    channel.on("error", (error) => {
      this.#error = error;
    });
    channel.on("close", () => {
      this.#isOver = true;
      this.#wake();
    });
    channel.on("drain", () => {
      this.#isDrained = true;
      this.#wake();
    });
    // Comes before the confirm of the same message.
    channel.on("return", ({ properties }) => {
      const pending = this.#pending.get(String(properties.messageId));
      if (pending !== undefined) pending.isReturned = true;
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

  publish(
    exchange: string,
    key: string,
    bytes: Buffer,
    options: Options.Publish,
    done: (outcome: SendOutcome) => void,
  ): void {
    this.#sequence += 1;
    const messageId = this.#sequence.toString(36);
    this.#pending.set(messageId, { done, isReturned: false });
    try {
      const isTaken = this.#channel.publish(exchange, key, bytes, { ...options, messageId, mandatory: true }, (error) =>
        this.#answered(messageId, error),
      );
      if (!isTaken) this.#isDrained = false;
    } catch (failed) {
      this.#pending.delete(messageId);
      done({ failed });
    }
  }

  #answered(messageId: string, error: unknown): void {
    const pending = this.#pending.get(messageId);
    if (pending === undefined) return;
    this.#pending.delete(messageId);
    pending.done(this.#outcomeOf(pending, error));
    if (this.#waiting.size > 0 && this.hasRoom) this.#wake();
  }

  #outcomeOf({ isReturned }: Pending, error: unknown): SendOutcome {
    if (error === null || error === undefined) return isReturned ? "gone" : "ok";
    if (!(error instanceof Error) || error.message !== "message nacked") return { failed: this.#overError(error) };
    return {
      failed: new RabbitRefusal("QUEUE_FULL", "RabbitMQ refused the message: its queue is full, or could not take it"),
    };
  }

  /** What ended the channel is the error of one message only where there was one; which of several it was is not said. */
  #overError(error: unknown): unknown {
    if (this.#error === undefined) return error;
    if (this.#sequence === 1) return this.#error;
    return new RabbitRefusal("UNAVAILABLE", `the channel is over: ${String(this.#error)}`, { cause: this.#error });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
