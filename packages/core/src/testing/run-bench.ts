import type { Sent } from "../call.ts";
import type { DispatchEvent, Outcome, OutFrame, ResultEntry } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import { WatchedClock } from "../memory/testing.ts";
import { workQueue } from "../queues.ts";
import { KeptFrame } from "../result/kept-frame.ts";
import { OpenRun } from "../result/open-run.ts";
import { Run } from "../result/run.ts";
import type { RunPort } from "../result/run-port.ts";
import { pump } from "../send/pump.ts";
import { outFrame, RUN } from "./frames.ts";

// For tests only; not a part of the package.

export interface Posted {
  readonly frame: OutFrame;
  done(outcome: Sent): void;
}

/** A run whose frames go nowhere: the test plays the broker and the workers. */
export class RunBench {
  readonly clock = new WatchedClock();
  readonly events: DispatchEvent[] = [];
  readonly posted: Posted[] = [];
  /** What the caller has of it. */
  readonly run: Run;
  /** What the dispatcher and the coordinator have of it. */
  readonly open: OpenRun;
  ended = 0;
  /** Answers each send at once, unless the test wants to. */
  answering = true;

  constructor(options: Partial<RunPort<unknown>> = {}) {
    this.open = new OpenRun({
      id: RUN,
      idPrefix: `${RUN}/`,
      queue: "default",
      task: "mail",
      clock: this.clock,
      observer: (event) => this.events.push(event),
      ordered: false,
      maxInFlight: 10_000,
      maxInFlightBytes: 1e9,
      globalTimeoutMs: undefined,
      endsAt: undefined,
      hasDeadlines: false,
      make: (payload, index) => {
        if (payload === "bad") throw new DispatchError("INPUT_INVALID", "line 7: no JSON");
        if (payload === "large") throw new DispatchError("TOO_LARGE", "1 byte too many");
        if (payload === "broken") throw new TypeError("a fault of ours");
        return keptOf(index, payload);
      },
      refOf: (payload) => (typeof payload === "string" ? payload : undefined),
      trace: undefined,
      resend: ({ frame, round }) => ({ ...frame, bytes: frame?.bytes, name: `round ${round}`, delayMs: 0 }) as OutFrame,
      apart: () => {
        throw new TypeError("no packs here");
      },
      pack: () => {
        throw new TypeError("no packs here");
      },
      flush: () => {},
      packRest: () => {},
      ran: () => {},
      work: () => workQueue("default"),
      send: (kept) => {
        const done = (outcome: Sent) => this.open.answered(kept, outcome);
        this.posted.push({ frame: kept.frame as OutFrame, done });
        if (this.answering) done("ok");
      },
      room: () => undefined,
      activeWorkers: () => 3,
      orphans: () => 2,
      ended: () => {
        this.ended += 1;
      },
      ...options,
    });
    this.run = new Run(this.open);
  }

  /** As the dispatcher does it. */
  feed(inputs: Iterable<unknown> | AsyncIterable<unknown>): Promise<void> {
    const { open } = this;
    return pump(inputs, open, open.stopsInput).then(() => open.inputOver(), (error: unknown) => open.inputFailed(error)); // biome-ignore format: one line
  }

  accept(index: number, outcome: Outcome = "completed", more: Partial<ResultEntry> = {}) {
    const value = outcome === "completed" ? { value: `value ${index}` } : {};
    const plain = { run: RUN, index, outcome, round: 0, attempts: 1, copy: 0, lost: 0, durationMs: 1, ...value };
    return this.open.accept({ ...plain, ...more });
  }

  of(event: DispatchEvent["event"]): DispatchEvent[] {
    return this.events.filter((one) => one.event === event);
  }
}

/** A frame of one task, as it is kept. */
export function keptOf(index: number, payload?: unknown): KeptFrame {
  const frame = outFrame({ index, payload });
  const kept = new KeptFrame({ queue: workQueue("default"), band: frame.priority, delayMs: 0 }, index, 1);
  kept.frame = frame;
  return kept;
}

/** Reads a run to its end; `thrown` is the code that it ended with. */
export function readRun(run: Run) {
  const seen: { indexes: number[]; outcomes: string[]; ended: boolean; thrown: unknown } = {
    indexes: [],
    outcomes: [],
    ended: false,
    thrown: undefined,
  };
  void (async () => {
    try {
      for await (const result of run) {
        seen.indexes.push(result.index);
        seen.outcomes.push(result.error === undefined ? result.outcome : `${result.outcome} ${result.error.code}`);
      }
    } catch (error) {
      seen.thrown = error instanceof DispatchError ? error.code : error;
    }
    seen.ended = true;
  })();
  return seen;
}

/** Inputs without end. */
export async function* endless() {
  for (let index = 0; ; index += 1) yield await Promise.resolve(index);
}
