import { systemClock } from "@org/dispatch-core";
import type { Clock } from "@org/dispatch-core/contract";
import type { SqsBackend } from "../index.ts";
import { opened } from "./opened.ts";
import { type Answers, PlayedError, PlayedServer } from "./played.ts";

interface Message {
  readonly id: string;
  readonly body: string;
  handle: string;
  visibleAtMs: number;
}

/** A server whose only queue holds these, and a backend on it that is open. */
export async function stocked(
  server: PlayedServer,
  count: number,
  requestMs: number,
): Promise<{ readonly stock: Stocked; readonly backend: SqsBackend }> {
  server.play({});
  const stock = new Stocked(Array.from({ length: count }, (_, n) => `message ${n}`), requestMs); // biome-ignore format: one call
  const backend = await opened({ url: PlayedServer.url }, stock.clock);
  server.play(stock.answers);
  return { stock, backend };
}

/** The answers of a queue that holds messages, on a clock of its own: so many ms go by with each request. */
export class Stocked {
  readonly messages: Message[];
  readonly clock: Clock = { ...systemClock(), now: () => this.nowMs };
  nowMs = 0;
  receives = 0;
  readonly #requestMs: number;
  /** Actions that fail next, each once. */
  readonly failing: string[] = [];

  constructor(texts: readonly string[], requestMs = 0) {
    this.messages = texts.map((body, index) => ({ id: `id-${index}`, body, handle: "", visibleAtMs: 0 }));
    this.#requestMs = requestMs;
  }

  get ready(): number {
    return this.messages.filter(({ visibleAtMs }) => visibleAtMs <= this.nowMs).length;
  }

  readonly answers: Answers = {
    GetQueueAttributes: () => ({ Attributes: { ApproximateNumberOfMessages: String(this.ready) } }),
    ReceiveMessage: (body) => this.#asked("ReceiveMessage") ?? this.#receive(body),
    DeleteMessageBatch: (body) =>
      this.#asked("DeleteMessageBatch") ?? this.#each(body, (at) => this.messages.splice(at, 1)),
    ChangeMessageVisibilityBatch: (body) =>
      this.#asked("ChangeMessageVisibilityBatch") ??
      this.#each(body, (at, { VisibilityTimeout = 0 }) => {
        (this.messages[at] as Message).visibleAtMs = this.nowMs + VisibilityTimeout * 1_000;
      }),
  };

  #asked(action: string): PlayedError | undefined {
    this.nowMs += this.#requestMs;
    const at = this.failing.indexOf(action);
    if (at < 0) return undefined;
    this.failing.splice(at, 1);
    return new PlayedError(503, "ServiceUnavailable", "we are sorry");
  }

  #receive({ MaxNumberOfMessages, VisibilityTimeout, WaitTimeSeconds = 0 }: Record<string, unknown>): object {
    this.receives += 1;
    // A long poll ends with the first that is there.
    const firstMs = Math.min(...this.messages.map(({ visibleAtMs }) => visibleAtMs));
    if (firstMs > this.nowMs) this.nowMs = Math.min(firstMs, this.nowMs + Number(WaitTimeSeconds) * 1_000);
    const found = this.messages
      .filter(({ visibleAtMs }) => visibleAtMs <= this.nowMs)
      .slice(0, Number(MaxNumberOfMessages));
    for (const message of found) {
      message.handle = `${message.id} of ${this.receives}`;
      message.visibleAtMs = this.nowMs + Number(VisibilityTimeout) * 1_000;
    }
    return { Messages: found.map(({ id, body, handle }) => ({ MessageId: id, Body: body, ReceiptHandle: handle })) };
  }

  #each(
    { Entries }: Record<string, unknown>,
    act: (at: number, entry: { readonly VisibilityTimeout?: number }) => void,
  ): object {
    const entries = Entries as {
      readonly Id: string;
      readonly ReceiptHandle: string;
      readonly VisibilityTimeout?: number;
    }[];
    for (const entry of entries) {
      const at = this.messages.findIndex(({ handle }) => handle === entry.ReceiptHandle);
      if (at >= 0) act(at, entry);
    }
    return { Successful: entries.map(({ Id }) => ({ Id })), Failed: [] };
  }
}
