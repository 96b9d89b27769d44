import type { Readable, Writable } from "node:stream";
import type { Clock } from "@org/dispatch-core/contract";
import type { ForeignCodeWatch } from "./foreign-code-watch.ts";

/** What a command touches outside of itself: the process in the binary, captured streams in a test. */
export interface Surroundings {
  /** Where relative paths start, and where adapters are looked for first. */
  readonly cwd: string;
  /** The file or `file:` URL of the command itself: where adapters are looked for second. */
  readonly home: string;
  readonly version: string;
  /** The variables that a configuration file may name. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & { readonly fd?: number };
  readonly stdout: Writable;
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly signals: SignalSource;
  /** Who is told from now on what foreign code does to the process; answers how to end that. */
  readonly watchForeignCode: (watch: ForeignCodeWatch) => () => void;
  readonly clock: Clock;
  /** Ends the process now, whatever is under way. */
  readonly exit: (code: number) => void;
}

/** The part of `process` that brings signals. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown;
  off(signal: StopSignal, listener: () => void): unknown;
}

/** The signals that stop a command. */
export type StopSignal = "SIGINT" | "SIGTERM";
