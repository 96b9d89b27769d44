import type { Clock } from "@org/dispatch-core/contract";
import type { Channel } from "amqplib";
import { type Consumer, openOf } from "./receipt.ts";

export interface StillnessPort {
  readonly channel: Channel;
  readonly queueName: string;
  readonly clock: Clock;
}

/** An empty queue that has brought nothing for so long will not do so within the round trip of a cancel, most likely. Half a step of the delays. */
const QUIET_MS = 50;
/** How often it is looked whether what is waited for has come. */
const LOOK_MS = 5;
/** Nobody waits for longer. */
const MOST_MS = 1_000;

/** When may consumers be cancelled without anything being on its way to them? */
export class Stillness {
  readonly #port: StillnessPort;
  /** When something came last, or began to be able to. */
  #sinceMs = Number.NEGATIVE_INFINITY;
  #isOver = false;

  constructor(port: StillnessPort) {
    this.#port = port;
  }

  disturb(): void {
    this.#sinceMs = this.#port.clock.now();
  }

  end(): void {
    this.#isOver = true;
  }

  /** Resolves when their windows are full, which is certain; when their queue is empty, and has been quiet for a while; or after a second. */
  async of(consumers: readonly Consumer[]): Promise<void> {
    const { channel, queueName, clock } = this.#port;
    const untilMs = clock.now() + MOST_MS;
    const isFull = () => this.#isOver || openOf(consumers) === 0;
    const isQuiet = () => clock.now() - this.#sinceMs >= QUIET_MS;
    while (!isFull() && clock.now() < untilMs) {
      if (isQuiet()) {
        const { messageCount } = await channel.checkQueue(queueName);
        if (isFull() || (messageCount === 0 && isQuiet())) return;
      }
      await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
    }
  }
}
