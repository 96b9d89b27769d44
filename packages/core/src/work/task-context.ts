import type { Frame, Headers, TaskInfo } from "../contract/index.ts";
import { type Logger, withFields } from "../log.ts";
import { fence } from "./fence.ts";
import type { Context } from "./task.ts";

export interface TaskContextPort {
  readonly frame: Frame;
  readonly info: TaskInfo;
  readonly lost: number;
  readonly logger: Logger;
  signal(): AbortSignal;
  progress(value: unknown): void;
}

const NO_HEADERS: Headers = Object.freeze({});

/** What a handler is given. All of it is made when it is asked for: most handlers use little of it, and a signal for each task costs more than the rest. */
export class TaskContext implements Context {
  readonly #port: TaskContextPort;

  constructor(port: TaskContextPort) {
    this.#port = port;
  }

  get id(): string {
    const { run, first } = this.#port.frame;
    return `${run}/${first}`;
  }
  get attempt(): number {
    return this.#port.frame.attempt + 1;
  }
  get lost(): number {
    return this.#port.lost;
  }
  get fence(): number {
    return fence(this.#port.frame, this.#port.lost);
  }
  get signal(): AbortSignal {
    return this.#port.signal();
  }
  get deadline(): number | undefined {
    return this.#port.info.deadlineAt;
  }
  get headers(): Headers {
    return this.#port.info.headers ?? NO_HEADERS;
  }
  /** Not a method: handlers take it out of the context. */
  get progress(): (value: unknown) => void {
    return (value) => this.#port.progress(value);
  }
  get log(): Logger {
    const fields = { task: this.#port.info.task, taskId: this.id, attempt: this.attempt };
    const at = (level: keyof Logger) => (more: object, message?: string) =>
      this.#port.logger[level](withFields(fields, more), message);
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }
}
