import type { OutFrame, SendOutcome } from "@org/dispatch-core/contract";
import { bounded } from "./bounded.ts";
import { Confirms } from "./confirms.ts";
import type { Line, Link } from "./link.ts";
import type { Message } from "./message.ts";
import { RabbitRefusal } from "./rabbit-error.ts";
import { sieve } from "./sieve.ts";

/** Publishes on a connection of its own: an alarm stops what publishes, and must not stop acks. */
export class Publisher {
  readonly #link: Link;
  #line: Line | undefined;
  #confirms: Promise<Confirms> | undefined;

  constructor(link: Link) {
    this.#link = link;
  }

  /** One answer a message, `undefined` for what is `undefined`. Throws where nothing was sent, and when the signal fires: then nobody knows. */
  async publish(messages: readonly (Message | SendOutcome)[], signal: AbortSignal): Promise<readonly SendOutcome[]> {
    const line = this.#link.line;
    if (line.blockedBy !== undefined) throw blocked(line.blockedBy);
    const confirms = await this.#channel(line, signal);
    const outcomes: SendOutcome[] = new Array(messages.length);
    const { promise: answered, resolve } = Promise.withResolvers<void>();
    let open = messages.length;
    const done = (index: number) => (outcome: SendOutcome) => {
      outcomes[index] = outcome;
      open -= 1;
      if (open === 0) resolve();
    };
    try {
      for (const [index, message] of messages.entries()) {
        while (!confirms.hasRoom && !confirms.isOver) await bounded(confirms.room(), signal);
        if (!isMessage(message)) done(index)(message);
        else confirms.publish({ message, signal, done: done(index) });
      }
      if (open > 0) await bounded(answered, signal);
    } catch (error) {
      throw line.blockedBy === undefined ? error : blocked(line.blockedBy);
    }
    return outcomes;
  }

  #channel(line: Line, signal: AbortSignal): Promise<Confirms> {
    if (this.#line !== line || this.#confirms === undefined) {
      this.#line = line;
      const made = line.confirmChannel().then((channel) => {
        const confirms = new Confirms(channel, (doubtful) => void sieve(line, doubtful));
        channel.on("close", () => this.#forget(made));
        return confirms;
      });
      this.#confirms = made;
      made.catch(() => this.#forget(made));
    }
    return bounded(this.#confirms, signal);
  }

  #forget(confirms: Promise<Confirms>): void {
    if (this.#confirms === confirms) this.#confirms = undefined;
  }
}

function isMessage(message: Message | SendOutcome): message is Message {
  return typeof message === "object" && "route" in message;
}

function blocked(reason: string): RabbitRefusal {
  return new RabbitRefusal("THROTTLED", `RabbitMQ takes no messages for now: ${reason}`);
}

/** What a frame is refused for before anything is sent. */
export function tooLarge({ bytes }: Pick<OutFrame, "bytes">, frameBytes: number): SendOutcome | undefined {
  if (bytes.length <= frameBytes) return undefined;
  const message = `a frame of ${bytes.length} bytes is above the limit of ${frameBytes}`;
  return { failed: new RabbitRefusal("TOO_LARGE", message) };
}
