import { defaults, type Run, type Worker } from "@org/dispatch-core";
import type { Clock } from "@org/dispatch-core/contract";
import type { InputSource } from "./input-lines.ts";
import { type StopCause, Thrown } from "./signals.ts";

/** What a run that ends is made of. */
interface Ending {
  readonly run: Run<unknown>;
  /** Absent: workers run elsewhere. */
  readonly worker: Worker | undefined;
  readonly source: InputSource;
  readonly clock: Clock;
  readonly pollMs: number;
  /** Is the broker in this process, so that nobody else is left who could be given anything? */
  readonly isLocal: boolean;
}

/** What threw outside of its task may never return, and others with it: after an exception they have no longer than this. */
const THROWN_DRAIN_MS = 5_000;

/** An orderly end before the end of the input: takes no more, lets run what runs, and ends the rest as cancelled. Each input keeps its one result. */
export async function endEarly(
  { run, worker, source, clock, pollMs, isLocal }: Ending,
  cause: StopCause,
): Promise<void> {
  run.endInput();
  source.close();
  if (worker === undefined) await leftAlone(run, clock, FIRST_BEAT_MS + LEAST_QUIET_MS + 2 * pollMs);
  else {
    if (cause instanceof Thrown) clock.after(THROWN_DRAIN_MS, () => worker.abort());
    await letGo(worker, clock, isLocal);
    // What the worker finished last may still be on its way back through the broker.
    await quiet(run, clock, LEAST_QUIET_MS + 2 * pollMs);
  }
  run.cancel();
}

/** How long handlers that were told to end have to return, where nothing else is waited for. */
const GRACE_MS = 200;

/**
 * Stops a worker and waits until it has settled all that it holds, but not for handlers whose end is decided without them: the process goes, and they go
 * with it. Nor, where the broker goes with it too, for polls that cannot be called back. Answers how many have not returned.
 */
export async function letGo(worker: Worker, clock: Clock, isLocal: boolean): Promise<number> {
  let isStopped = false;
  const stopping = worker.stop().then(() => {
    isStopped = true;
  });
  const graceEndsAt = clock.now() + GRACE_MS;
  while (!isStopped) {
    const { held, running } = worker.status;
    if (held === 0 && (running > 0 || isLocal) && clock.now() >= graceEndsAt) return running;
    await Promise.race([stopping, pause(clock, STEP_MS)]);
  }
  return worker.status.running;
}

const LEAST_QUIET_MS = 200;
const STEP_MS = 50;

/** Whoever takes tasks of a coordinator tells it so after a second, or earlier. */
const FIRST_BEAT_MS = 1_000;

/** Resolves when nothing is outstanding, when for so long no worker has had anything in hand as far as beats say, or after `drainMs`. */
async function leftAlone(run: Run<unknown>, clock: Clock, aloneMs: number): Promise<void> {
  let aloneSince = clock.now();
  const endsAt = aloneSince + defaults.drainMs;
  while (run.progress.outstanding > 0 && clock.now() < endsAt) {
    if (run.progress.activeWorkers > 0) aloneSince = clock.now();
    else if (clock.now() - aloneSince >= aloneMs) return;
    await pause(clock, STEP_MS);
  }
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
