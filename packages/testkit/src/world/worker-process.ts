import { type Context, defineTask, type Task, Worker, type WorkerOptions } from "@org/dispatch-core";
import type { Backend, StandardSchema } from "@org/dispatch-core/contract";
import type { Ledger } from "./ledger.ts";
import type { Process } from "./process.ts";

/** A task of a case. Its handler also gets the worker that runs it, to crash it, say. */
export interface CaseTask {
  /** Default `default`. */
  readonly name?: string;
  readonly timeoutMs?: number;
  readonly maxAttempts?: number;
  /** What its payloads have to be, at the worker. */
  readonly input?: StandardSchema;
  handler(payload: unknown, context: Context, host: WorkerProcess): unknown;
}

/** A worker in a process of its own. Each run of its handlers is in the ledger. */
export class WorkerProcess {
  readonly process: Process;
  readonly #ledger: Ledger;
  #worker: Worker | undefined;
  readonly #crashed: (() => void)[] = [];

  constructor(process: Process, ledger: Ledger) {
    this.process = process;
    this.#ledger = ledger;
  }

  get id(): string {
    return this.process.name;
  }

  get backend(): Backend {
    return this.process.backend;
  }

  get isStarted(): boolean {
    return this.#worker !== undefined;
  }

  get worker(): Worker {
    if (this.#worker === undefined) throw new Error(`the worker ${this.id} has not started`);
    return this.#worker;
  }

  async start(tasks: readonly CaseTask[], options: WorkerOptions): Promise<void> {
    const recorded = tasks.map((task) => this.#recorded(task));
    this.#worker = await Worker.start(this.backend, recorded, { ...options, id: this.id, clock: this.process.clock });
  }

  /** The process is gone, as under SIGKILL: nothing is released, nothing of it ever goes on. */
  crash(): void {
    if (this.process.isDead) return;
    this.process.crash();
    for (const told of this.#crashed) told();
  }

  onCrash(told: () => void): void {
    this.#crashed.push(told);
  }

  /** Graceful; see `Worker.stop`. */
  stop(): Promise<void> {
    return this.worker.stop();
  }

  #recorded(task: CaseTask): Task {
    const { name = "default", timeoutMs, maxAttempts, input } = task;
    const { clock } = this.process;
    return defineTask<unknown, unknown>({
      name,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(maxAttempts === undefined ? {} : { maxAttempts }),
      ...(input === undefined ? {} : { input }),
      handler: async (payload, context) => {
        const ended = this.#ledger.begin(name, this.id, payload, context);
        try {
          const value = await task.handler(payload, context, this);
          await clock.awake();
          ended("returned", value);
          return value;
        } catch (error) {
          await clock.awake();
          ended("threw", error);
          throw error;
        }
      },
    });
  }
}
