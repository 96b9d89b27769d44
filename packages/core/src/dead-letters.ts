import type { Calls } from "./call.ts";
import type { BodyCodec, Payloads } from "./codec/body.ts";
import { CLAIM_CODEC } from "./codec/claim.ts";
import type { Clock, Frame, Queue } from "./contract/index.ts";
import { type DeadLetter, letterIn, type Selection } from "./dead-letter.ts";
import { deadQueue } from "./queues.ts";
import { Redrive } from "./redrive.ts";
import type { Until } from "./retrying.ts";
import type { Routes } from "./routes.ts";

const PAGE = 100;

const CALL_MS = 30_000;
/** What a look that is left has hidden comes back by itself, too. */
const LEAVE_MS = 5_000;

export interface DeadLettersOptions {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly queue: string;
  readonly leaseMs: number;
  readonly routes: Routes;
  readonly codec: BodyCodec;
}

/** The dead letters of one queue: looked at without taking them, sent again as the next round, or thrown away. */
export class DeadLetters {
  readonly #options: DeadLettersOptions;
  readonly #calls: Calls;
  readonly #codec: BodyCodec;
  readonly #dead: Queue;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
    this.#calls = options.calls;
    this.#codec = options.codec;
    this.#dead = deadQueue(options.queue);
  }

  /**
   * Each once, also where one lies there twice under its name; without a payload that lies in a blob store. Throws `UNSUPPORTED` where the backend
   * cannot browse.
   */
  async *list(): AsyncGenerator<DeadLetter> {
    for await (const [letter, frame] of this.#browse()) {
      const payloads = isClaimed(frame) ? undefined : await this.#codec.payloads(frame);
      yield withPayload(letter, payloads);
    }
  }

  /** One with all that it has, by its id or the user's own. */
  async show(id: string): Promise<DeadLetter | undefined> {
    for await (const [letter, frame] of this.#browse()) {
      if (letter.id !== id && letter.ref !== id) continue;
      return withPayload(letter, await this.#codec.payloads(frame, this.#until()));
    }
    return undefined;
  }

  async *#browse(): AsyncGenerator<readonly [DeadLetter, Frame]> {
    const seen = new Set<string>();
    let cursor: string | undefined;
    try {
      do {
        const page = await this.#calls.browse(this.#dead, { cursor, max: PAGE }, this.#until());
        cursor = page.cursor;
        for (const { bytes } of page.frames) {
          const found = letterIn(bytes, this.#dead);
          if (found === undefined || seen.has(found.letter.name)) continue;
          seen.add(found.letter.name);
          yield [found.letter, found.frame];
        }
      } while (cursor !== undefined);
    } finally {
      if (cursor !== undefined)
        await this.#calls.browse(this.#dead, { cursor, max: 0 }, this.#until(LEAVE_MS)).catch(() => {});
    }
  }

  /**
   * Sends the selected ones again as the next round, with fresh counters and without their deadlines, and answers how many. What is not selected is put
   * back, and so is what was never a task of ours, and what has died again meanwhile. What dies while this goes on may be left for another time: it ends,
   * however many go on dying.
   */
  redrive(selection: Selection): Promise<number> {
    return new Redrive(this.#options, selection).run();
  }

  /** Throws them away; answers how many. */
  purge(): Promise<number> {
    return this.#calls.purge(this.#dead, () => this.#until());
  }

  #until(ms = CALL_MS): Until {
    return { deadline: this.#options.clock.now() + ms };
  }
}

function withPayload(letter: DeadLetter, payloads: Payloads | undefined): DeadLetter {
  if (payloads === undefined || "bad" in payloads) return letter;
  const { values } = payloads;
  // A pack that was buried as it is: all of it.
  return { ...letter, payload: values.length > 1 ? values : values[0] };
}

function isClaimed({ codecs }: Frame): boolean {
  return codecs.includes(CLAIM_CODEC);
}
