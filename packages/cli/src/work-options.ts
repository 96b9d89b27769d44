import {
  type AdminOptions,
  DispatchError,
  type DispatcherOptions,
  type RunOptions,
  type WorkerOptions,
} from "@org/dispatch-core";
import { fileBlobs } from "@org/dispatch-core/blobs";
import type { Backend, Observer } from "@org/dispatch-core/contract";
import type { AdapterOptions } from "./backends.ts";
import type { Log } from "./log.ts";
import { type LogMode, present } from "./options.ts";

const BODY_KEYS = ["compress", "compressAboveBytes", "blobExpiryMs"] as const satisfies readonly (keyof AdminOptions)[];

/** What every command takes, parsed. What is absent has core's default. */
export interface CommonOptions extends Pick<AdminOptions, (typeof BODY_KEYS)[number]> {
  /** A name or a URL. */
  readonly backend: string;
  readonly namespace?: string | undefined;
  readonly queue?: string | undefined;
  readonly log: LogMode;
  /** May queues and topics be made? */
  readonly create: boolean;
  /** The folder of what is too large for the broker. */
  readonly blobs?: string | undefined;
  /** What a configuration file says for the backend alone. */
  readonly connection?: AdapterOptions | undefined;
}

// What core's options are called, a command's options are called too, and so are the keys of a file.
const WORKER_KEYS = [
  "queue",
  "leaseMs",
  "id",
  "concurrency",
  "timeoutMs",
  "maxAttempts",
  "maxLost",
  "backoff",
  "targetPackMs",
  "drainMs",
  "abandonMs",
] as const satisfies readonly (keyof WorkerOptions)[];
const DISPATCHER_KEYS = [
  "queue",
  "leaseMs",
  "coordinator",
  "heartbeatTimeoutMs",
  "resendAfterMs",
  "maxResends",
  "packs",
  "targetPackMs",
  "initialBatchSize",
  "maxBatchSize",
] as const satisfies readonly (keyof DispatcherOptions)[];
const RUN_KEYS = [
  "priority",
  "delayMs",
  "deadlineMs",
  "globalTimeoutMs",
  "headers",
  "maxInFlight",
  "maxInFlightBytes",
  "ordered",
] as const satisfies readonly (keyof RunOptions)[];

/** What commands take that run tasks. */
export interface WorkOptions
  extends CommonOptions,
    Pick<WorkerOptions, (typeof WORKER_KEYS)[number]>,
    Pick<DispatcherOptions, (typeof DISPATCHER_KEYS)[number]> {
  /** Where metrics, health and the scale signal are served: HOST:PORT. */
  readonly http?: string | undefined;
}

/** What a run of its own has. */
export interface RunSettings extends Pick<RunOptions, (typeof RUN_KEYS)[number]> {}

/** The options of core's `Worker`. */
export function workerOptions(options: WorkOptions, backend: Backend, log: Log) {
  const { observer, logger } = log;
  return present({
    ...picked(options, WORKER_KEYS),
    ...bodyOptions(options),
    create: mayCreate(options, backend),
    observer,
    logger,
  });
}

/** The options of core's `Dispatcher`. */
export function dispatcherOptions(options: WorkOptions, backend: Backend, { observer }: Pick<Log, "observer">) {
  return present({
    ...picked(options, DISPATCHER_KEYS),
    ...bodyOptions(options),
    create: mayCreate(options, backend),
    observer,
  });
}

/** The options of core's `QueueAdmin`. */
export function queueAdminOptions(options: CommonOptions, backend: Backend, observer?: Observer) {
  return present({ queue: options.queue, ...bodyOptions(options), create: mayCreate(options, backend), observer });
}

/** How bodies travel; each of core's three takes these. */
function bodyOptions(options: CommonOptions) {
  const { blobs } = options;
  return { ...picked(options, BODY_KEYS), blobs: blobs === undefined ? undefined : fileBlobs(blobs) };
}

/** The options of core's `run`. */
export function runOptions(options: RunSettings) {
  return present(picked(options, RUN_KEYS));
}

/** What the adapter is made with. */
export function adapterOptions({ namespace, queue, connection }: CommonOptions): AdapterOptions {
  return present({ ...connection, namespace, queue });
}

/** The queues of one process are nobody else's, and gone with it: they need no leave to be made. */
function mayCreate(options: CommonOptions, backend: Backend): boolean {
  return options.create || backend.profile.reach === "process";
}

/** Throws UNSUPPORTED where no other process can reach the backend's queues, so that the command could never do anything. */
export function refuseLocal(backend: Backend, command: string): void {
  if (backend.profile.reach !== "process") return;
  throw new DispatchError(
    "UNSUPPORTED",
    `${command} makes no sense on ${backend.name}: its tasks are within one process (reach: process); name a broker with --backend`,
  );
}

function picked<T extends object, K extends keyof T>(options: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((key) => [key, options[key]])) as Pick<T, K>;
}
