import { DispatchError } from "@org/dispatch-core";
import type { StopSignal, Surroundings } from "./surroundings.ts";

/** A watch over SIGINT and SIGTERM: the first asks for an orderly end, the second ends the process at once. */
export interface SignalWatch {
  /** Resolves at the first signal; never, when none comes. */
  readonly first: Promise<StopSignal>;
  /** Gives the signals back to whoever had them. */
  stop(): void;
}

const EXIT_CODES: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

/** Starts to watch. The second signal exits with 130 (SIGINT) or 143 (SIGTERM), whichever the first was. */
export function watchSignals(around: Pick<Surroundings, "signals" | "exit">): SignalWatch {
  let asked = false;
  let resolveFirst: (signal: StopSignal) => void = () => {};
  const first = new Promise<StopSignal>((resolve) => {
    resolveFirst = resolve;
  });
  const onSignal = (signal: StopSignal) => {
    if (asked) around.exit(EXIT_CODES[signal]);
    asked = true;
    resolveFirst(signal);
  };
  const onInterrupt = () => onSignal("SIGINT");
  const onTerminate = () => onSignal("SIGTERM");
  around.signals.on("SIGINT", onInterrupt);
  around.signals.on("SIGTERM", onTerminate);
  return {
    first,
    stop() {
      around.signals.off("SIGINT", onInterrupt);
      around.signals.off("SIGTERM", onTerminate);
    },
  };
}

/** Awaits a step of the start, but not beyond the first signal: then it throws SHUTTING_DOWN. What the step still brings is the process's end to clear. */
export function unlessStopped<T>(watch: SignalWatch, step: Promise<T>): Promise<T> {
  const stopped = watch.first.then((signal) => {
    throw new DispatchError("SHUTTING_DOWN", `stopped by ${signal} before it began`);
  });
  return Promise.race([step, stopped]);
}
