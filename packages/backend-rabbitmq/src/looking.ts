import type { BrowsePage, Page, Queue } from "@org/dispatch-core/contract";
import type { Channel } from "amqplib";
import { bounded } from "./bounded.ts";
import { closeQuietly, type Link } from "./link.ts";
import { RabbitRefusal } from "./rabbit-error.ts";

/** Looks that nobody goes on with are given up, the oldest first. */
const MOST_LOOKS = 16;

/** Looks at dead letters: takes them one by one, and gives all back at the end. Meanwhile nobody else has them. */
export class Looking {
  readonly #link: Link;
  /** The channel of each look that has a next page, by its cursor. */
  readonly #looks = new Map<string, Channel>();
  #cursors = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  async browse(queue: Queue, queueName: string, { cursor, max }: Page, signal: AbortSignal): Promise<BrowsePage> {
    if (queue.role !== "dead")
      throw new RabbitRefusal("MISMATCH", "RabbitMQ can only look at dead letters: a look is a delivery");
    const channel = cursor === undefined ? await this.#begin(signal) : this.#looks.get(cursor);
    if (channel === undefined) throw new RabbitRefusal("MISMATCH", `the look "${cursor}" is over`);
    if (cursor !== undefined) this.#looks.delete(cursor);
    const frames: BrowsePage["frames"][number][] = [];
    try {
      while (frames.length < max) {
        const message = await bounded(channel.get(queueName), signal);
        if (message === false) {
          channel.nackAll(true);
          await bounded(channel.close(), signal);
          return { frames };
        }
        frames.push({ bytes: message.content, state: "ready" });
      }
    } catch (error) {
      closeQuietly(channel);
      throw error;
    }
    return { frames, cursor: this.#remember(channel) };
  }

  close(): void {
    for (const channel of this.#looks.values()) closeQuietly(channel);
    this.#looks.clear();
  }

  async #begin(signal: AbortSignal): Promise<Channel> {
    const channel = await bounded(this.#link.line.channel(), signal, closeQuietly);
    channel.on("error", () => {});
    return channel;
  }

  #remember(channel: Channel): string {
    this.#cursors += 1;
    const cursor = String(this.#cursors);
    this.#looks.set(cursor, channel);
    const [oldest] = this.#looks;
    if (this.#looks.size > MOST_LOOKS && oldest !== undefined) {
      this.#looks.delete(oldest[0]);
      closeQuietly(oldest[1]);
    }
    return cursor;
  }
}
