import { systemClock } from "./clock.ts";
import type { DispatchEvent, Observer } from "./contract/index.ts";

/** Where lines go; a pino instance is one. */
export interface Logger {
  debug(fields: object, message?: string): void;
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
}

type Level = keyof Logger;

/** A logger that keeps nothing. */
export const silentLogger: Logger = Object.freeze({ debug() {}, info() {}, warn() {}, error() {} });

export interface JsonLoggerOptions {
  /** Takes one line with its end; default: standard error. */
  readonly write?: (line: string) => void;
  /** The least level that is written; default `info`. */
  readonly level?: Level;
  /** Wall-clock ms; default the machine's. */
  readonly wall?: () => number;
}

const ranks: Readonly<Record<Level, number>> = Object.freeze({ debug: 0, info: 1, warn: 2, error: 3 });

/** A logger that writes JSON lines: `time` (ISO 8601), `level`, the fields, and `message` where there is one. */
export function jsonLogger(options: JsonLoggerOptions = {}): Logger {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const wall = options.wall ?? systemClock().wall;
  const least = ranks[options.level ?? "info"];
  const at = (level: Level) => (fields: object, message?: string) => {
    if (ranks[level] < least) return;
    const head = { time: new Date(wall()).toISOString(), level };
    const said = message === undefined ? {} : { message };
    write(`${lineOf({ ...withFields(head, fields), ...said }) ?? lineOf({ ...head, ...said, unprintable: true })}
`);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Fields, and what somebody adds to them; a getter or a proxy among that may throw. */
export function withFields(fields: object, more: object): object {
  try {
    return { ...fields, ...more };
  } catch {
    return { ...fields, unprintable: true };
  }
}

/** A line must never fail, whatever somebody logs. */
function lineOf(fields: object): string | undefined {
  try {
    return JSON.stringify(fields, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
  } catch {
    return undefined;
  }
}

const levels: Readonly<Partial<Record<DispatchEvent["event"], Level>>> = Object.freeze({
  task_started: "debug",
  task_progress: "debug",
  task_ended: "debug",
  call: "debug",
  frames_leased: "debug",
  pack_dispatched: "debug",
  beat_sent: "debug",
  beat_received: "debug",
  queue_status: "debug",
  result_duplicate: "debug",
  queue_requeued: "info",
  heartbeat_timeout: "warn",
  task_timed_out: "warn",
  task_dead: "warn",
  lease_lost: "warn",
  slot_abandoned: "warn",
  undeliverable: "warn",
  frame_rejected: "warn",
  orphan: "warn",
  task_resent: "warn",
  warning: "warn",
});

export interface LogEventsOptions {
  /** The name of the backend, for the lines that do not say it themselves. */
  readonly backend?: string | undefined;
}

/**
 * An observer that writes each event as a line, under its name in `event`, with the fields that docs/observability.md promises. No payload, no value of a
 * task and no message of a handler's error is ever written.
 */
export function logEvents(logger: Logger, options: LogEventsOptions = {}): Observer {
  const { backend } = options;
  return (event) => {
    const level = event.event === "call" && event.code !== undefined ? "warn" : (levels[event.event] ?? "info");
    logger[level](fieldsOf(event, backend));
  };
}

/** A code is that of an error; what is there to be called, and what a task gave or got, is left out. */
function fieldsOf(event: DispatchEvent, backend: string | undefined): object {
  const said = event.event === "orphan" ? orphanFields(event) : event;
  const {
    event: name,
    code,
    trace,
    ...rest
  } = said as DispatchEvent & Partial<Record<Unsaid | "code" | "trace", unknown>> & { durationMs?: number };
  for (const key of unsaid) delete rest[key];
  if (rest.durationMs !== undefined) rest.durationMs = Math.round(rest.durationMs * 1_000) / 1_000;
  const error = code === undefined ? {} : { error: { code } };
  if (typeof trace === "string") Object.assign(rest, { traceId: trace.split("-")[1] });
  return backend === undefined ? { event: name, ...rest, ...error } : { event: name, backend, ...rest, ...error };
}

type Unsaid = "value" | "progress" | "status" | "traces" | "tracestates";
const unsaid: readonly Unsaid[] = Object.freeze(["value", "progress", "status", "traces", "tracestates"]);

/** Of a result only what an event of a task says, too. */
function orphanFields({ event, queue, taskId, result }: Extract<DispatchEvent, { event: "orphan" }>): object {
  const { outcome, attempts: attempt, lost, durationMs, error } = result;
  return { event, queue, taskId, outcome, attempt, lost, durationMs, code: error?.code };
}
