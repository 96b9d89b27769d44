import type { Random } from "./backoff.ts";
import type { Calls } from "./call.ts";
import type { BodyCodec } from "./codec/body.ts";
import { hopFrame } from "./codec/hop.ts";
import { deadFrame, replyFrame } from "./codec/maker.ts";
import { tasksOf } from "./codec/pack.ts";
import type { Clock, Frame, Observer, Queue } from "./contract/index.ts";
import { type DispatchError, toWireError } from "./errors.ts";
import { Intake } from "./intake.ts";
import type { Hold } from "./lease/hold.ts";
import { Keeper } from "./lease/keeper.ts";
import { deadQueue, replyQueue } from "./queues.ts";
import { RecentNames } from "./recent-names.ts";
import type { Route, Routes } from "./routes.ts";
import { replyJson, resultJson } from "./settle/reply.ts";
import { DelayPump } from "./work/delay-pump.ts";
import { Fetcher } from "./work/fetcher.ts";

export interface DelaysOptions {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: Observer | undefined;
  readonly routes: Routes;
  readonly codec: BodyCodec;
  /** The user's queue. */
  readonly queue: string;
  readonly worker: string;
  readonly leaseMs: number;
  /** A frame is sent on, and acked then. */
  sentOn(): void;
}

/** What a worker does for delayed tasks, where the broker's own delay does not reach: one pump for each queue in which they wait. */
export class Delays {
  readonly #options: DelaysOptions;
  readonly #keeper: Keeper;
  readonly #sentOn = new RecentNames();
  /** What somebody had in hand before, who may have sent it on. */
  readonly #again = new WeakSet<Frame>();
  /** What came of that here. */
  readonly #sentAgain = new RecentNames();
  readonly #pumps: readonly { readonly pump: DelayPump<Hold>; readonly fetcher: Fetcher }[];
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: DelaysOptions) {
    const { calls, clock, random, leaseMs, routes, queue } = options;
    this.#options = options;
    this.#keeper = new Keeper({ calls, clock, random, leaseMs, onBeat: () => {} });
    this.#pumps = routes.delayQueues(queue).map((source) => this.#pumpOf(source));
  }

  run(signal: AbortSignal): void {
    this.#running = Promise.all(this.#pumps.map(({ fetcher }) => fetcher.run(signal)));
  }

  /** Was it handed on here, and perhaps before by somebody who has crashed since? */
  hasSentAgain(frame: Frame): boolean {
    return this.#sentAgain.knows(frame);
  }

  /** After the signal of `run` has fired: gives back what is held. */
  async close(): Promise<void> {
    await this.#running;
    await Promise.all(this.#pumps.map(({ pump }) => pump.close()));
    this.#keeper.close();
  }

  #pumpOf(source: Queue) {
    const { calls, clock, random, leaseMs, observer, routes, queue, codec } = this.#options;
    const keeper = this.#keeper;
    const { profile } = calls.backend;
    const pump: DelayPump<Hold> = new DelayPump<Hold>({
      calls,
      clock,
      profile,
      nativeMs: routes.delay.kind === "later" ? routes.delay.nativeMs : undefined,
      onward: (frame) => this.#onward(frame),
      sentOn: this.#sentOn,
      drop: (hold) => this.#drop(hold),
      bury: (hold, error) => void this.#bury(hold, error),
      wake: () => fetcher.wake(),
    });
    const lost = (hold: Hold) => pump.forget(hold);
    const intake = new Intake({ calls, clock, observer, keeper, leaseMs, dead: deadQueue(queue), codec, lost });
    const fetcher: Fetcher = new Fetcher({
      calls,
      clock,
      random,
      leaseMs,
      queue: source,
      credit: () => pump.credit,
      stands: () => true,
      isMeasured: () => true,
      answered: () => {},
      granted: async (deliveries, requestedAt) => {
        const holds = await intake.holds(source, deliveries, requestedAt);
        for (const { frame, lost } of holds) if (lost > frame.lost) this.#again.add(frame);
        return pump.take(holds);
      },
    });
    return { pump, fetcher };
  }

  #onward(frame: Frame) {
    const { routes, clock } = this.#options;
    const wallMs = clock.wall();
    const route: Route = routes.route(frame.queue, frame.lane, frame.dueAt ?? wallMs, wallMs);
    const { round, attempt, copy, lost } = frame;
    const counters = { round, attempt, copy: copy + 1, lost };
    const onward = hopFrame(frame, counters, route.delayMs, route.waiting);
    if (this.#again.has(frame)) this.#sentAgain.add(onward.name);
    this.#options.sentOn();
    return { queue: route.queue, frame: onward };
  }

  /** The dead letter, the result if somebody waits for it, and the ack, in this order. */
  async #bury(hold: Hold, cause: DispatchError): Promise<void> {
    const { calls, clock, worker, codec } = this.#options;
    const { frame, receipt, lost, deadline } = hold;
    const wallMs = clock.wall();
    const { stack: _, ...error } = toWireError(cause, cause.code === "TOO_LARGE" ? "TOO_LARGE" : "REJECTED");
    const attempts = frame.attempt;
    const death = { reason: error.code, error, attempts, lost, firstSentAt: frame.firstSentAt, diedAt: wallMs };
    const [letter] = await calls.send(deadQueue(frame.queue), [deadFrame(frame, frame, death, codec)], { deadline });
    if (letter !== "ok") return this.#drop(hold);
    if (frame.coordinator !== undefined) {
      const ending = { outcome: "dead", json: undefined, error, attempts, durationMs: 0 } as const;
      // A pack is buried as it is: one letter, but a result for each of its tasks.
      const results = tasksOf(frame).map((task) => resultJson(task, lost, ending));
      const most = codec.roomBytes - REPLY_HEAD_BYTES;
      const replies = inParts(results, most).map((part) => replyFrame(replyJson(worker, part, []), wallMs));
      await calls.send(replyQueue(frame.queue, frame.coordinator), replies, { deadline });
    }
    await calls.settle([{ kind: "ack", receipt }], { deadline });
    this.#drop(hold);
  }

  #drop(hold: Hold): void {
    this.#keeper.apply(hold, "settle", this.#options.clock.now());
    this.#keeper.apply(hold, "settled");
  }
}

/** Room for what stands around the results of a frame: its header, and the worker's name. */
const REPLY_HEAD_BYTES = 1_024;

/** Texts in order, in parts of at most so many bytes; a longer one is alone. */
function inParts(texts: readonly string[], mostBytes: number): string[][] {
  const parts: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const text of texts) {
    const more = Buffer.byteLength(text) + 1;
    if (bytes + more > mostBytes) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(text);
    bytes += more;
  }
  return parts;
}
