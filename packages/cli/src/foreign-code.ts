import { type Failure, failureOf, messageOf, misuse } from "./failure.ts";
import { endedLine, type ForeignCodeWatch, thrownText } from "./foreign-code-watch.ts";
import type { Log } from "./log.ts";
import type { Screen } from "./screen.ts";
import type { SignalWatch } from "./signals.ts";

/** A watch that is on. */
export interface HandlerWatch {
  /** Awaits the load of a handler file: what goes wrong meanwhile is said of the load. */
  loading<T>(path: string, load: Promise<T>): Promise<T>;
  stop(): void;
}

interface Parts {
  readonly signals: SignalWatch;
  readonly log: Log;
  readonly screen: Screen;
  /** Saves, synchronously, what would be lost with the process. */
  readonly save: () => void;
}

/** Watches over what handlers do to the process while a command has them. What they throw outside of any task is an orderly end, as a signal is. */
export function watchHandlers(
  around: { readonly watchForeignCode: (watch: ForeignCodeWatch) => () => void },
  { signals, log, screen, save }: Parts,
): HandlerWatch {
  let loaded: string | undefined;
  const stop = around.watchForeignCode({
    exited(code) {
      save();
      screen.line(
        endedLine(
          `a handler ended the process with ${code}${loaded === undefined ? "" : ` while ${loaded} was loaded`}`,
        ),
      );
    },
    threw(error) {
      if (!signals.threw(error)) log.logger.warn({}, thrownText(error));
    },
    // A promise that a handler let go of has no task any more that could fail: the others are not to pay for it.
    rejected(reason) {
      log.logger.warn({}, `a promise was rejected and nobody waited for it: ${messageOf(reason)}`);
    },
    stranded() {
      save();
      return loaded === undefined
        ? STRANDED
        : failureOf(misuse(`the handler file ${loaded} never finishes loading: what it awaits cannot come any more`));
    },
  });
  return {
    async loading(path, load) {
      loaded = path;
      try {
        return await load;
      } finally {
        loaded = undefined;
      }
    },
    stop,
  };
}

/** How a command ends where nothing is left to wait for: a defect. */
export const STRANDED: Failure = failureOf(new Error("nothing is left to wait for, but the command has not ended"));
