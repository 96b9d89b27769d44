import { STRANDED } from "./foreign-code.ts";
import { endedLine, type ForeignCodeWatch, thrownText } from "./foreign-code-watch.ts";

/** The part of `process` that foreign code can reach, and that tells of it. */
export interface GuardedProcess {
  on(event: "exit", listener: (code: number) => void): unknown;
  on(event: "uncaughtException" | "unhandledRejection", listener: (error: unknown) => void): unknown;
  on(event: "beforeExit", listener: () => void): unknown;
  exit(code: number): void;
  exitCode?: number | string | null | undefined;
}

/** Sees to it that a command never ends in silence, whoever ends it. */
export interface ProcessGuard {
  /** The one way out that is ours. */
  readonly exit: (code: number) => void;
  /** Whoever watches now is told; answers how to end that. Without a watch there is one error line and exit code 1. */
  readonly watch: (watch: ForeignCodeWatch) => () => void;
}

/** Guards a process from now to its end. `say` writes one line to standard error, synchronously. */
export function guardProcess(process: GuardedProcess, say: (line: string) => void): ProcessGuard {
  let ours = false;
  let watching: ForeignCodeWatch | undefined;
  const exit = (code: number) => {
    ours = true;
    process.exit(code);
  };
  process.on("exit", (code) => {
    if (ours) return;
    if (watching === undefined) say(endedLine(`foreign code ended the process with ${code}`));
    else watching.exited(code);
    process.exitCode = 1;
  });
  process.on("uncaughtException", (error) => {
    if (watching !== undefined) return watching.threw(error);
    say(endedLine(thrownText(error)));
    exit(1);
  });
  process.on("unhandledRejection", (reason) => watching?.rejected(reason));
  process.on("beforeExit", () => {
    const failure = watching?.stranded() ?? STRANDED;
    say(failure.line);
    exit(failure.exitCode);
  });
  return {
    exit,
    watch(watch) {
      watching = watch;
      return () => {
        if (watching === watch) watching = undefined;
      };
    },
  };
}
