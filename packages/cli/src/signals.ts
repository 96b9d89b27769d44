import { DispatchError } from "@org/dispatch-core";
import { thrownText } from "./foreign-code-watch.ts";
import type { StopSignal, Surroundings } from "./surroundings.ts";

/** What was thrown outside of any task, as a reason to stop. */
export class Thrown {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/** Why a command is to end in an orderly way. */
export type StopCause = StopSignal | Thrown;

/** A watch over what stops a command. The first cause asks for an orderly end; a signal after it ends the process at once. */
export interface SignalWatch {
  /** Resolves at the first cause; never, when none comes. */
  readonly first: Promise<StopCause>;
  /** Says that something was thrown outside of any task. Answers false where that is not the first cause. */
  threw(error: unknown): boolean;
  /** Says what is to be saved, synchronously, before a second signal ends the process. */
  saving(save: () => void): void;
  /** Gives the signals back to whoever had them. */
  stop(): void;
}

const EXIT_CODES: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

/** Starts to watch. The second signal exits with 130 (SIGINT) or 143 (SIGTERM), whichever the first was. */
export function watchSignals(around: Pick<Surroundings, "signals" | "exit">): SignalWatch {
  let asked = false;
  let saveAll = () => {};
  let resolveFirst: (cause: StopCause) => void = () => {};
  const first = new Promise<StopCause>((resolve) => {
    resolveFirst = resolve;
  });
  const ask = (cause: StopCause) => {
    asked = true;
    resolveFirst(cause);
  };
  const onSignal = (signal: StopSignal) => {
    if (asked) {
      saveAll();
      around.exit(EXIT_CODES[signal]);
    }
    ask(signal);
  };
  const onInterrupt = () => onSignal("SIGINT");
  const onTerminate = () => onSignal("SIGTERM");
  around.signals.on("SIGINT", onInterrupt);
  around.signals.on("SIGTERM", onTerminate);
  return {
    first,
    threw(error) {
      if (asked) return false;
      ask(new Thrown(error));
      return true;
    },
    saving(save) {
      saveAll = save;
    },
    stop() {
      asked = true;
      around.signals.off("SIGINT", onInterrupt);
      around.signals.off("SIGTERM", onTerminate);
    },
  };
}

/** Awaits a step of the start, but not beyond the first cause: then it throws SHUTTING_DOWN. What the step still brings is the process's end to clear. */
export function unlessStopped<T>(watch: Pick<SignalWatch, "first">, step: Promise<T>): Promise<T> {
  const stopped = watch.first.then((cause) => {
    throw new DispatchError("SHUTTING_DOWN", stoppedText(cause), { cause });
  });
  return Promise.race([step, stopped]);
}

/** Was a start broken off by a signal? */
export function isStoppedStart(error: unknown): boolean {
  return error instanceof DispatchError && error.code === "SHUTTING_DOWN" && typeof error.cause === "string";
}

function stoppedText(cause: StopCause): string {
  return cause instanceof Thrown ? thrownText(cause.error) : `stopped by ${cause} before it began`;
}
