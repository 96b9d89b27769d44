import { DispatchError } from "@org/dispatch-core";
import type { Backend } from "@org/dispatch-core/contract";
import type { Log } from "./log.ts";
import { type LogMode, present } from "./options.ts";

/** What every command takes, parsed. What is absent has core's default. */
export interface CommonOptions {
  /** A name or a URL. */
  readonly backend: string;
  readonly namespace?: string;
  readonly queue?: string;
  readonly log: LogMode;
  /** May queues and topics be made? */
  readonly create: boolean;
}

/** What commands take that run tasks. */
export interface WorkOptions extends CommonOptions {
  readonly concurrency?: number;
  readonly leaseMs?: number;
  readonly timeoutMs?: number;
  readonly maxAttempts?: number;
}

/** The options of core's `Worker`. */
export function workerOptions(options: WorkOptions, backend: Backend, log: Log) {
  const { queue, concurrency, leaseMs, timeoutMs, maxAttempts } = options;
  const { observer, logger } = log;
  const create = mayCreate(options, backend);
  return present({ queue, concurrency, leaseMs, timeoutMs, maxAttempts, create, observer, logger });
}

/** The options of core's `Dispatcher`. */
export function dispatcherOptions(
  options: WorkOptions & { readonly coordinator?: string },
  backend: Backend,
  log: Log,
) {
  const { queue, coordinator, leaseMs } = options;
  return present({
    queue,
    coordinator,
    leaseMs,
    create: mayCreate(options, backend),
    observer: log.observer,
  });
}

/** The queues of one process are nobody else's, and gone with it: they need no leave to be made. */
export function mayCreate(options: CommonOptions, backend: Backend): boolean {
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
