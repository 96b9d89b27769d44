import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { DispatchEvent } from "@org/dispatch-core/contract";
import type { SpawnedWorker } from "../world/hooks.ts";

/** What a worker in a process of its own is told. */
export interface WorkerChildOptions {
  readonly namespace: string;
  /** Default `default`. */
  readonly queue?: string | undefined;
  /** Default: core's. */
  readonly leaseMs?: number | undefined;
  /** Default: core's. */
  readonly concurrency?: number | undefined;
  /** A module whose default export is the handler, or a task; absent: the one that `SpawnedWorker` describes. */
  readonly handler?: string | URL | undefined;
}

/** What the parent and the child say to each other. */
export type ChildMessage =
  | { readonly start: WorkerChildOptions & { readonly module: string } }
  | { readonly ready: true }
  | { readonly failed: string }
  | { readonly event: DispatchEvent };

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How long a child may take to load and connect, in ms. */
const START_MS = 30_000;

/** A worker in a process of its own. Signals go to this process, by its id; when the parent ends, it ends. */
export class WorkerChild implements SpawnedWorker {
  readonly pid: number;
  /** As its events and the results of its tasks say it. */
  readonly id: string;
  /** How it ended. */
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  readonly #listeners: ((event: DispatchEvent) => void)[] = [];

  /** For `spawnWorker`. */
  constructor(child: ChildProcess) {
    if (child.pid === undefined) throw new Error("the worker's process did not start");
    this.#child = child;
    this.pid = child.pid;
    this.id = workerIdOf(child.pid);
    this.ended = new Promise((resolve) => void child.once("exit", (code, signal) => resolve({ code, signal })));
    child.on("message", (message: ChildMessage) => {
      if ("event" in message) for (const listener of this.#listeners) listener(message.event);
    });
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Is told what its worker's observer is, from now on. */
  onEvent(listener: (event: DispatchEvent) => void): void {
    this.#listeners.push(listener);
  }

  /** SIGKILL: nothing is released. Resolves when the process is gone. */
  kill(): Promise<ProcessEnd> {
    this.#child.kill("SIGKILL");
    return this.ended;
  }

  /** SIGSTOP: it stands still, and its connections stay open. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  /** SIGCONT: it goes on, and does not know that time has passed. */
  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  /** SIGTERM: a graceful stop. Resolves when the process is gone. */
  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.ended;
  }
}

/** The id of the worker in the process `pid`. */
export function workerIdOf(pid: number): string {
  return `child-${pid}`;
}

/**
 * Starts a worker in a Node process of its own. `module` is a file whose default export is the factory `(namespace) => Backend`. Resolves when the worker
 * has started. Throws what the child says when it cannot start.
 */
export async function spawnWorker(module: string | URL, options: WorkerChildOptions): Promise<WorkerChild> {
  const here = import.meta.url;
  // Built, this is part of a bundle, and the program lies beside it.
  const program = fileURLToPath(new URL(`./worker-child-main${here.endsWith(".ts") ? ".ts" : ".js"}`, here));
  const child = fork(program, { stdio: ["ignore", "inherit", "inherit", "ipc"], execArgv: [] });
  const worker = new WorkerChild(child);
  const { handler, ...rest } = options;
  const start = { ...rest, module: String(module), handler: handler === undefined ? undefined : String(handler) };
  try {
    await started(child, { start });
    return worker;
  } catch (error) {
    await worker.kill();
    throw error;
  }
}

function started(child: ChildProcess, message: ChildMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the worker's process did not start within ${START_MS} ms`)),
      START_MS,
    );
    const settle = (run: () => void) => {
      clearTimeout(timer);
      run();
    };
    child.once("exit", (code, signal) =>
      settle(() => reject(new Error(`the worker's process ended with ${signal ?? code}`))),
    );
    child.once("error", (error) => settle(() => reject(error)));
    child.on("message", (answer: ChildMessage) => {
      if ("ready" in answer) settle(resolve);
      else if ("failed" in answer)
        settle(() => reject(new Error(`the worker's process cannot start: ${answer.failed}`)));
    });
    child.send(message);
  });
}
