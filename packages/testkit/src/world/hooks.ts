import type { Session } from "./sessions.ts";

/** What a worker in a process of its own is told. */
export interface SpawnOptions {
  readonly namespace: string;
  readonly queue: string;
  readonly leaseMs: number;
  readonly concurrency: number;
}

/**
 * A worker in a process of its own. Its task `default` takes `{ n, takesMs }`, reports the progress `"begun"`, waits for `takesMs` or until its signal
 * fires, and returns `{ n, by }`, the latter its worker's id. `spawnWorker` of this package makes one.
 */
export interface SpawnedWorker {
  readonly id: string;
  /** SIGKILL. */
  kill(): void;
  /** SIGSTOP. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** SIGTERM; resolves when it has exited. */
  stop(): Promise<void>;
}

/** What a case can ask of the surroundings of a real broker. A case that needs one is left out where it is not there, and the report says so. */
export interface Hooks {
  /** Stops the broker, keeps it away for so many ms, and starts it again with its data; resolves when it takes connections. */
  readonly restart?: ((awayMs: number) => Promise<unknown>) | undefined;
  readonly spawnWorker?: ((options: SpawnOptions) => Promise<SpawnedWorker>) | undefined;
  /** As `backend`, with a proxy of its own before the broker: so the connection can end, stop and go on as another process's would. */
  readonly proxy?: ((namespace: string) => Session) | undefined;
  /** How long the broker is away in the cases about outages, in ms; default 120,000 on the virtual clock, 10,000 on the machine's. */
  readonly outageMs?: number | undefined;
}

export type Hook = Exclude<keyof Hooks, "outageMs">;
