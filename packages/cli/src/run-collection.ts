import { defaults, type Run, type Worker } from "@org/dispatch-core";
import type { Clock } from "@org/dispatch-core/contract";
import { failureOf, oneLine } from "./failure.ts";
import { countText, durationText } from "./figures.ts";
import { endedLine, thrownText } from "./foreign-code-watch.ts";
import type { InputSource } from "./input-lines.ts";
import type { Log } from "./log.ts";
import type { Output } from "./output.ts";
import { showProgress } from "./progress.ts";
import { located, resultLine } from "./result-line.ts";
import { endEarly, letGo } from "./run-end.ts";
import type { Screen } from "./screen.ts";
import { type SignalWatch, type StopCause, Thrown } from "./signals.ts";
import { type Interruption, Reasons, summaryText } from "./summary.ts";

/** A run that has begun, and what it reads from, writes to and listens to. */
export interface Collection {
  readonly run: Run<unknown>;
  /** Absent: workers run elsewhere. Stopped when the run is over. */
  readonly worker: Worker | undefined;
  readonly source: InputSource;
  readonly output: Output;
  readonly signals: SignalWatch;
  readonly screen: Screen;
  readonly log: Log;
  /** Lets `run_finished` out, which is to come last. */
  readonly sayFinished: () => void;
  readonly clock: Clock;
  /** How long the backend's poll may take to bring what is there: a fact of its profile. */
  readonly pollMs: number;
  readonly isLocal: boolean;
}

/**
 * Runs to the end, writes each result as it comes, and says how it went. Answers the exit code: 0 where all completed and nothing was left unread, 1
 * where not, after one error line where there was an error.
 */
export async function collect(collection: Collection): Promise<number> {
  const { run, worker, source, output, signals, screen, log, sayFinished, clock, isLocal } = collection;
  const reasons = new Reasons();
  const progress = log.mode === "text" ? showProgress(screen, clock, () => run.progress) : undefined;
  let interruption: Interruption | undefined;
  void signals.first.then((cause) => {
    interruption = { cause, inputEnded: run.progress.inputEnded };
    if (log.mode === "text") screen.line(stoppingText(cause, worker));
    return endEarly(collection, cause);
  });
  let failure: unknown;
  try {
    for await (const each of run) {
      const result = located(each, source.takeLine(each.index));
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
  const hung = worker === undefined ? 0 : await letGo(worker, clock, isLocal);
  progress?.stop();
  if (hung > 0) log.logger.warn({}, hungText(hung));
  sayFinished();
  if (log.mode === "text") screen.line(summaryText(run.summary, reasons, interruption));
  const line = interruption?.cause instanceof Thrown ? endedLine(thrownText(interruption.cause.error)) : undefined;
  const error = failure === undefined ? line : failureOf(failure).line;
  if (error !== undefined) {
    screen.line(error);
    return 1;
  }
  const isWhole = interruption === undefined || interruption.inputEnded;
  return isWhole && run.summary.completed === run.summary.total ? 0 : 1;
}

function stoppingText(cause: StopCause, worker: Worker | undefined): string {
  const waits =
    worker === undefined
      ? `waiting up to ${durationText(defaults.drainMs)} for what workers have in hand`
      : `letting ${worker.status.running} running finish`;
  const [what, next] = cause instanceof Thrown ? [thrownText(cause.error), "a signal"] : [cause, "a second signal"];
  return `${oneLine(what)}: ${waits}, the rest is cancelled; ${next} ends at once`;
}

function hungText(hung: number): string {
  return `${countText(hung)} ${hung === 1 ? "handler has" : "handlers have"} not returned; nothing waits for ${hung === 1 ? "it" : "them"}`;
}
