import type { Run, Worker } from "@org/dispatch-core";
import { defaults } from "@org/dispatch-core";
import type { Clock } from "@org/dispatch-core/contract";
import { failureOf } from "./failure.ts";
import type { InputSource } from "./input-lines.ts";
import type { Log } from "./log.ts";
import type { Output } from "./output.ts";
import { showProgress } from "./progress.ts";
import { resultLine } from "./result-line.ts";
import type { Screen } from "./screen.ts";
import type { SignalWatch } from "./signals.ts";
import { type Interruption, Reasons, summaryText } from "./summary.ts";
import type { StopSignal } from "./surroundings.ts";

/** A run that has begun, and what it reads from, writes to and listens to. */
export interface Collection {
  readonly run: Run<unknown>;
  /** Absent: workers run elsewhere. */
  readonly worker: Worker | undefined;
  readonly source: InputSource;
  readonly output: Output;
  readonly signals: SignalWatch;
  readonly screen: Screen;
  readonly log: Log;
  readonly clock: Clock;
  /** How long the backend's poll may take to bring what is there: a fact of its profile. */
  readonly pollMs: number;
}

/**
 * Runs to the end, writes each result as it comes, and says how it went. Answers the exit code: 0 where all completed and nothing was left unread, 1
 * where not, after one error line where there was an error.
 */
export async function collect(collection: Collection): Promise<number> {
  const { run, worker, source, output, signals, screen, log, clock } = collection;
  const reasons = new Reasons();
  const progress = log.mode === "text" ? showProgress(screen, clock, () => run.progress) : undefined;
  let interruption: Interruption | undefined;
  void signals.first.then((signal) => {
    interruption = { signal, inputEnded: run.progress.inputEnded };
    if (log.mode === "text") screen.line(stoppingText(signal, worker));
    return endEarly(collection);
  });
  let failure: unknown;
  try {
    for await (const result of run) {
      reasons.note(result);
      const full = output.write(resultLine(result));
      if (full !== undefined) await full;
    }
    failure = source.failure;
  } catch (error) {
    // A global timeout, a reader that went away, a broker that did: nobody waits for what still runs.
    failure = error;
    run.cancel();
    worker?.abort();
  }
  await output.finish().catch((error: unknown) => {
    failure ??= error;
  });
  progress?.stop();
  if (log.mode === "text") screen.line(summaryText(run.summary, reasons, interruption));
  if (failure !== undefined) {
    screen.line(failureOf(failure).line);
    return 1;
  }
  const isWhole = interruption === undefined || interruption.inputEnded;
  return isWhole && run.summary.completed === run.summary.total ? 0 : 1;
}

function stoppingText(signal: StopSignal, worker: Worker | undefined): string {
  const waits =
    worker === undefined ? "waiting for what is under way" : `letting ${worker.status.running} running finish`;
  return `${signal}: ${waits}, the rest is cancelled; a second signal ends at once`;
}

/** An orderly end before the end of the input: takes no more, lets run what runs, and ends the rest as cancelled. Each input keeps its one result. */
async function endEarly({ run, worker, source, clock, pollMs }: Collection): Promise<void> {
  run.endInput();
  source.close();
  if (worker === undefined) await ended(run, clock, defaults.drainMs);
  else {
    await worker.stop();
    // What the worker finished last may still be on its way back through the broker.
    await quiet(run, clock, LEAST_QUIET_MS + 2 * pollMs);
  }
  run.cancel();
}

const LEAST_QUIET_MS = 200;
const STEP_MS = 50;

/** Resolves when nothing is outstanding, or after `boundMs`. */
async function ended(run: Run<unknown>, clock: Clock, boundMs: number): Promise<void> {
  const endsAt = clock.now() + boundMs;
  while (run.progress.outstanding > 0 && clock.now() < endsAt) await pause(clock, STEP_MS);
}

/** Resolves when nothing is outstanding, or no result has come for `quietMs`. */
async function quiet(run: Run<unknown>, clock: Clock, quietMs: number): Promise<void> {
  let outstanding = run.progress.outstanding;
  let changedAt = clock.now();
  while (outstanding > 0 && clock.now() - changedAt < quietMs) {
    await pause(clock, STEP_MS);
    if (run.progress.outstanding !== outstanding) changedAt = clock.now();
    outstanding = run.progress.outstanding;
  }
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}
