import type { BrowsePage, Clock, Page, Queue, Timer } from "@org/dispatch-core/contract";
import type { Channel } from "amqplib";
import { bounded } from "./bounded.ts";
import { closeQuietly, type Link } from "./link.ts";
import { RabbitRefusal } from "./rabbit-error.ts";

/** Looks that nobody goes on with are given up, the oldest first. */
const MOST_LOOKS = 16;
/** A look that nobody has gone on with for so long is given up: it may be read by a person, who pages through it. */
const IDLE_MS = 60_000;

/** A look that has a next page. */
interface Look {
  readonly channel: Channel;
  readonly idle: Timer;
}

/** Looks at dead letters: takes them one by one, and gives all back at the end. Meanwhile nobody else has them. */
export class Looking {
  readonly #link: Link;
  readonly #clock: Clock;
  /** By cursor. */
  readonly #looks = new Map<string, Look>();
  #cursors = 0;

  constructor(link: Link, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  /** `max: 0` ends the look of that cursor, which may be over already: what it has taken lies in the queue again then. */
  async browse(queue: Queue, queueName: string, { cursor, max }: Page, signal: AbortSignal): Promise<BrowsePage> {
    if (queue.role !== "dead")
      throw new RabbitRefusal("MISMATCH", "RabbitMQ can only look at dead letters: a look is a delivery");
    const before = cursor === undefined ? undefined : this.#take(cursor);
    if (max === 0) {
      if (before !== undefined) await giveBack(before, signal);
      return { frames: [] };
    }
    if (cursor !== undefined && before === undefined)
      throw new RabbitRefusal("MISMATCH", `the look "${cursor}" is over; begin another one`);
    const channel = before ?? (await this.#begin(signal));
    const frames: BrowsePage["frames"][number][] = [];
    try {
      while (frames.length < max) {
        const message = await bounded(channel.get(queueName), signal);
        if (message === false) {
          await giveBack(channel, signal);
          return { frames };
        }
        frames.push({ bytes: message.content, state: "ready" });
      }
      if (max === 0) {
        // Nobody goes on with it.
        await giveBack(channel, signal);
        return { frames };
      }
    } catch (error) {
      closeQuietly(channel);
      throw error;
    }
    return { frames, cursor: this.#remember(channel) };
  }

  close(): void {
    for (const cursor of this.#looks.keys()) this.#giveUp(cursor);
  }

  async #begin(signal: AbortSignal): Promise<Channel> {
    const channel = await bounded(this.#link.line.channel(), signal, closeQuietly);
    channel.on("error", () => {});
    return channel;
  }

  #remember(channel: Channel): string {
    this.#cursors += 1;
    const cursor = String(this.#cursors);
    const idle = this.#clock.after(IDLE_MS, () => this.#giveUp(cursor), true);
    this.#looks.set(cursor, { channel, idle });
    const [oldest] = this.#looks.keys();
    if (this.#looks.size > MOST_LOOKS && oldest !== undefined) this.#giveUp(oldest);
    return cursor;
  }

  #take(cursor: string): Channel | undefined {
    const look = this.#looks.get(cursor);
    look?.idle.cancel();
    this.#looks.delete(cursor);
    return look?.channel;
  }

  /** What a channel holds when it is closed goes back. */
  #giveUp(cursor: string): void {
    const channel = this.#take(cursor);
    if (channel !== undefined) closeQuietly(channel);
  }
}

async function giveBack(channel: Channel, signal: AbortSignal): Promise<void> {
  channel.nackAll(true);
  await bounded(channel.close(), signal);
}
