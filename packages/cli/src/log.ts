import { joinObservers, jsonLogger, type Logger, logEvents, systemClock } from "@org/dispatch-core";
import type { DispatchEvent, Observer } from "@org/dispatch-core/contract";
import { oneLine } from "./failure.ts";
import type { LogMode } from "./options.ts";
import type { Screen } from "./screen.ts";
import { thinning } from "./thinning.ts";

/** What a command says while it runs, beside results and errors. */
export interface Log {
  readonly mode: LogMode;
  /** Absent where nothing is to be said: it then costs nothing. */
  readonly observer: Observer | undefined;
  /** For `context.log` of handlers. */
  readonly logger: Logger;
}

/**
 * `json`: every event of level `info` and above, and what handlers log at those, as JSON lines. `text`: lines for people, of what needs a look only, thinned out where they come in
 * thousands (progress and summary come beside it). `off`: nothing. All on standard error.
 */
export function logOf(mode: LogMode, screen: Screen, backend?: string): Log {
  if (mode === "json") {
    const logger = jsonLogger({ write: (line) => void screen.stream.write(line) });
    return { mode, logger, observer: logEvents(logger, { backend }) };
  }
  if (mode === "off") return { mode, logger: { debug() {}, info() {}, warn() {}, error() {} }, observer: undefined };
  const write = (level: string) => (fields: object, message?: string) => screen.line(logText(level, fields, message));
  const thin = thinning(systemClock());
  return {
    mode,
    logger: { debug() {}, info: write("info"), warn: write("warn"), error: write("error") },
    observer: joinObservers(noAnswerYet(screen), (event) => {
      const text = warningText(event);
      const said = text === undefined ? undefined : thin(event.event === "warning" ? event.code : event.event, text);
      if (said !== undefined) screen.line(`warn ${oneLine(said)}`);
    }),
  };
}

/** Says once that a broker does not answer: a command that is silent for as long as it tries seems to hang. */
function noAnswerYet(screen: Pick<Screen, "line">): Observer {
  let isSaid = false;
  return (event) => {
    if (event.event !== "call" || event.verb !== "open" || event.again !== true || isSaid) return;
    isSaid = true;
    screen.line(`warn ${oneLine(`${event.code}: ${event.message}; trying again`)}`);
  };
}

function logText(level: string, fields: object, message = ""): string {
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${fieldText(value)}`);
  return `${level} ${oneLine([message, ...pairs].join(" "))}`;
}

function fieldText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return value.message;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return "[not printable]";
  }
}

/** What people should know of an event at once; most need no line, since the results and the summary tell them. */
function warningText(event: DispatchEvent): string | undefined {
  switch (event.event) {
    case "warning":
      return `${event.code}: ${event.message}`;
    case "heartbeat_timeout":
      return `worker ${event.workerId} has been silent for ${Math.round(event.silentMs)} ms; it held ${event.held} frames`;
    case "lease_lost":
      return `task ${event.taskId}: its lease is lost (${event.reason}), what it returns is not written`;
    case "slot_abandoned":
      return `task ${event.taskId}: its handler did not return after ${event.code}; its slot is given on`;
    case "undeliverable":
      return `task ${event.taskId}: its result (${event.outcome}) has no coordinator any more`;
    case "frame_rejected":
      return `a frame of queue ${event.queue} is refused: ${event.code}, ${event.detail}`;
    case "orphan":
      return `task ${event.taskId}: the result of an earlier run under this coordinator's id (${event.result.outcome})`;
    case "task_resent":
      return `task ${event.taskId}: sent again as round ${event.round}`;
    default:
      return undefined;
  }
}

/** An observer that keeps `run_finished` back until it is let go: what a worker in this process still settles comes before it. */
export function lastWord(observer: Observer | undefined): { readonly observer: Observer | undefined; say(): void } {
  const held: DispatchEvent[] = [];
  return {
    observer: observer && ((event) => (event.event === "run_finished" ? void held.push(event) : observer(event))),
    say() {
      for (const event of held.splice(0)) observer?.(event);
    },
  };
}
