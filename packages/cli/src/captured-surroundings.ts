import { EventEmitter } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { VirtualClock } from "@org/dispatch-core";
import type { Clock } from "@org/dispatch-core/contract";
import type { ForeignCodeWatch } from "./foreign-code-watch.ts";
import type { StopSignal, Surroundings } from "./surroundings.ts";

/** Surroundings for tests: what a command writes is kept, signals come from the test, and an exit is only noted. */
export interface CapturedSurroundings extends Surroundings {
  outText(): string;
  errText(): string;
  /** The exits that were asked for, in order. */
  readonly exits: number[];
  raise(signal: StopSignal): void;
  /** The watch over foreign code that is on. */
  watch(): ForeignCodeWatch | undefined;
}

/** What differs from a test's usual surroundings. */
export interface CaptureOptions {
  readonly cwd?: string;
  readonly environment?: Surroundings["environment"];
  readonly stdin?: string | Surroundings["stdin"];
  readonly clock?: Clock;
  readonly isTerminal?: boolean;
}

/** Makes surroundings; by default with an empty standard input and a clock that stands still. */
export function capturedSurroundings(options: CaptureOptions = {}): CapturedSurroundings {
  const { cwd = process.cwd(), environment = {}, stdin = "", clock = new VirtualClock(), isTerminal = false } = options;
  const out = captured();
  const err = captured();
  const signals = new EventEmitter();
  const exits: number[] = [];
  let watching: ForeignCodeWatch | undefined;
  return {
    cwd,
    home: import.meta.url,
    version: "0.0.0-test",
    environment,
    stdin: typeof stdin === "string" ? Readable.from([Buffer.from(stdin)]) : stdin,
    stdout: out.stream,
    stderr: Object.assign(err.stream, { isTTY: isTerminal }),
    signals,
    watchForeignCode(watch) {
      watching = watch;
      return () => {
        watching = undefined;
      };
    },
    clock,
    exit: (code) => void exits.push(code),
    outText: out.text,
    errText: err.text,
    exits,
    raise: (signal) => void signals.emit(signal),
    watch: () => watching,
  };
}

function captured(): { readonly stream: PassThrough; readonly text: () => string } {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => void chunks.push(chunk));
  return { stream, text: () => Buffer.concat(chunks).toString("utf8") };
}
