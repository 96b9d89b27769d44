import type { Backoff, Random } from "../backoff.ts";
import { systemClock } from "../clock.ts";
import { type BlobStore, type Clock, type Headers, MOST_TASKS, type Observer, type Tracer } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import { type Logger, silentLogger } from "../log.ts";
import { checkName } from "../names.ts";
import {
  checkHeaders,
  checkKind,
  checkKnown,
  checkText,
  checkWhole,
  checkWord,
  MOST_ATTEMPTS,
} from "../option-checks.ts";

/** Every default there is; docs/options.md says why each. */
export const defaults = Object.freeze({
  queue: "default",
  leaseMs: 60_000,
  heartbeatTimeoutMs: 30_000,
  timeoutMs: 300_000,
  maxAttempts: 5,
  maxLost: 3,
  backoff: Object.freeze({ baseMs: 1_000, maxMs: 300_000 }),
  priority: 5,
  concurrency: 10,
  maxInFlight: 10_000,
  maxInFlightBytes: 64 * 1024 * 1024,
  maxResends: 2,
  drainMs: 30_000,
  abandonMs: 10_000,
  sendTimeoutMs: 30_000,
  packs: true,
  targetPackMs: 100,
  initialBatchSize: 10,
  maxBatchSize: 100,
  compressAboveBytes: 1_024,
  blobExpiryMs: 14 * 86_400_000,
});

/** What dispatchers and workers have in common. */
export interface CommonOptions {
  /** Default `default`. */
  readonly queue?: string | undefined;
  /** Default 60,000; from 100 ms to 12 h. */
  readonly leaseMs?: number | undefined;
  /**
   * May missing queues be made? Default true. A dispatcher's own reply queue, which it removes at its end, is made in any case. Where not: without the
   * queues of the other lanes or of long delays, a `warning` says what is refused; those that are made later are not looked for.
   */
  readonly create?: boolean | undefined;
  readonly clock?: Clock | undefined;
  readonly observer?: Observer | undefined;
  /** Makes traces of some tasks; `@org/dispatch-otel` has one. Default: none. */
  readonly tracer?: Tracer | undefined;
  /** How bodies above `compressAboveBytes` are compressed; default gzip, and off within one process. All kinds are read. */
  readonly compress?: "gzip" | "zstd" | "brotli" | "off" | undefined;
  /** Default 1,024. */
  readonly compressAboveBytes?: number | undefined;
  /** Where bodies go that no frame can hold (a claim check travels instead); default: they are `TOO_LARGE`. */
  readonly blobs?: BlobStore | undefined;
  /** How long a blob is kept that nobody removed, beyond its task's delay; default 14 days. */
  readonly blobExpiryMs?: number | undefined;
  /** A number in [0, 1) for jitter; default `Math.random`. */
  readonly random?: Random | undefined;
}

export interface WorkerOptions extends CommonOptions {
  /** Default: random. */
  readonly id?: string | undefined;
  /** How many handlers run at a time; default 10. */
  readonly concurrency?: number | undefined;
  /** The longest that one attempt may take; default 300,000. */
  readonly timeoutMs?: number | undefined;
  /** Default 5. */
  readonly maxAttempts?: number | undefined;
  /** More lost holders than this, and a task is dead; default 3. At this many it runs alone; 0: dead at the first loss. */
  readonly maxLost?: number | undefined;
  readonly backoff?: Partial<Backoff> | undefined;
  /** How many ms of work a pack should hold; default 100. One that is at work for four times as long sends on what has not begun. */
  readonly targetPackMs?: number | undefined;
  /** How long a stop lets handlers finish; default 30,000. */
  readonly drainMs?: number | undefined;
  /** How long an aborted handler keeps its slot; default 10,000. */
  readonly abandonMs?: number | undefined;
  /** Is an error that a handler threw worth another attempt? Default: every error but `Dead`. */
  readonly retryable?: ((error: unknown) => boolean) | undefined;
  /** For `context.log`; a pino instance fits. Default: silent. */
  readonly logger?: Logger | undefined;
}

export interface DispatcherOptions extends CommonOptions {
  /** The id of its coordinator, one at a time; default: random. A restarted one of the same id is given the results that came meanwhile. */
  readonly coordinator?: string | undefined;
  /** After so long without a beat a worker counts as gone; default half the lease. */
  readonly heartbeatTimeoutMs?: number | undefined;
  /** May the tasks of runs travel several to a frame? Default true; how many follows from how long they take. */
  readonly packs?: boolean | undefined;
  /** Tasks in the first packs, until it is known how long they take; default 10, at most `maxBatchSize`. */
  readonly initialBatchSize?: number | undefined;
  /** The most tasks in a pack; default 100, at most 1,000. */
  readonly maxBatchSize?: number | undefined;
  /** How many ms of handlers' work a pack should hold; default 100. */
  readonly targetPackMs?: number | undefined;
  /** Default 3 × leaseMs. */
  readonly resendAfterMs?: number | undefined;
  /** Default 2. */
  readonly maxResends?: number | undefined;
}

export interface SendOptions {
  /**
   * The user's own id: a repeat within the backend's dedupe window is one task. Where a send of it had to be tried again, a repeat of what another call has
   * sent is taken for its own earlier try: it is not reported as a duplicate, and a run that waits for it sends it once more.
   */
  readonly id?: string | undefined;
  /** 0–10, 10 highest; default 5. */
  readonly priority?: number | undefined;
  /** Not before so many ms; default 0. */
  readonly delayMs?: number | undefined;
  readonly key?: string | undefined;
  readonly headers?: Headers | undefined;
  /** Not worth doing after so many ms; default: never. */
  readonly deadlineMs?: number | undefined;
}

export interface RunOptions extends Omit<SendOptions, "id" | "key"> {
  /** The run ends after so long, with what it has; default: never. */
  readonly globalTimeoutMs?: number | undefined;
  /** Tasks that are sent and whose results are not yet taken; default 10,000. */
  readonly maxInFlight?: number | undefined;
  /** Bytes of their frames, which are kept for a resend; default 64 MiB. */
  readonly maxInFlightBytes?: number | undefined;
  /** May its tasks travel several to a frame? Default: what its dispatcher says. */
  readonly packs?: boolean | undefined;
  /** Results in the order of the inputs; default false. */
  readonly ordered?: boolean | undefined;
  /** Cancels the run. */
  readonly signal?: AbortSignal | undefined;
}

type Settled<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

type Perhaps = "observer" | "tracer" | "compress" | "blobs";

export type WorkerSettings = Omit<Settled<WorkerOptions>, Perhaps | "backoff"> &
  Pick<WorkerOptions, "compress" | "blobs"> & {
    readonly backoff: Backoff;
    readonly observer: Observer | undefined;
    readonly tracer: Tracer | undefined;
  };
export type DispatcherSettings = Omit<Settled<DispatcherOptions>, Perhaps> &
  Pick<DispatcherOptions, "compress" | "blobs"> & {
    readonly observer: Observer | undefined;
    readonly tracer: Tracer | undefined;
  };
export type SendSettings = Omit<Settled<SendOptions>, "id" | "key" | "headers" | "deadlineMs"> &
  Pick<SendOptions, "id" | "key" | "headers" | "deadlineMs">;
export type RunSettings = SendSettings &
  Settled<Pick<RunOptions, "maxInFlight" | "maxInFlightBytes" | "ordered">> &
  Pick<RunOptions, "globalTimeoutMs" | "signal" | "packs">;

const MAX_LEASE_MS = 12 * 3_600_000;
const MAX_MS = Number.MAX_SAFE_INTEGER;

/** Throws `CONFIG_INVALID` for what is unknown or out of range. */
export function workerSettings(options: WorkerOptions, id: string): WorkerSettings {
  checkKnown("worker", options, [
    ...common,
    "id",
    "concurrency",
    "timeoutMs",
    "maxAttempts",
    "maxLost",
    "backoff",
    "targetPackMs",
    "drainMs",
    "abandonMs",
    "retryable",
    "logger",
  ]);
  checkKnown("backoff", checkKind("backoff", options.backoff ?? {}, []), ["baseMs", "maxMs"]);
  const backoff = {
    baseMs: checkWhole("backoff.baseMs", options.backoff?.baseMs ?? defaults.backoff.baseMs, 1, MAX_MS),
    maxMs: checkWhole("backoff.maxMs", options.backoff?.maxMs ?? defaults.backoff.maxMs, 1, MAX_MS),
  };
  return {
    ...commonSettings(options),
    id: checkName("id", options.id ?? id),
    concurrency: checkWhole("concurrency", options.concurrency ?? defaults.concurrency, 1, 100_000),
    timeoutMs: checkWhole("timeoutMs", options.timeoutMs ?? defaults.timeoutMs, 1, MAX_MS),
    maxAttempts: checkWhole("maxAttempts", options.maxAttempts ?? defaults.maxAttempts, 1, MOST_ATTEMPTS),
    maxLost: checkWhole("maxLost", options.maxLost ?? defaults.maxLost, 0, 254),
    backoff,
    targetPackMs: checkWhole("targetPackMs", options.targetPackMs ?? defaults.targetPackMs, 1, MAX_MS),
    drainMs: checkWhole("drainMs", options.drainMs ?? defaults.drainMs, 0, MAX_MS),
    abandonMs: checkWhole("abandonMs", options.abandonMs ?? defaults.abandonMs, 0, MAX_MS),
    retryable: checkKind("retryable", options.retryable ?? (() => true), "function"),
    logger: checkKind("logger", options.logger ?? silentLogger, ["debug", "info", "warn", "error"]),
  };
}

/** Throws `CONFIG_INVALID`. */
export function dispatcherSettings(options: DispatcherOptions, id: string): DispatcherSettings {
  const packing = ["packs", "targetPackMs", "initialBatchSize", "maxBatchSize"];
  const own = ["coordinator", "heartbeatTimeoutMs", "resendAfterMs", "maxResends"];
  checkKnown("dispatcher", options, [...common, ...packing, ...own]);
  const settings = commonSettings(options);
  const half = Math.max(1, Math.floor(settings.leaseMs / 2));
  const maxBatchSize = checkWhole("maxBatchSize", options.maxBatchSize ?? defaults.maxBatchSize, 1, MOST_TASKS);
  const initialBatchSize = options.initialBatchSize ?? Math.min(defaults.initialBatchSize, maxBatchSize);
  return {
    ...settings,
    coordinator: checkName("coordinator", options.coordinator ?? id),
    packs: checkKind("packs", options.packs ?? defaults.packs, "boolean"),
    initialBatchSize: checkWhole("initialBatchSize", initialBatchSize, 1, maxBatchSize),
    maxBatchSize,
    heartbeatTimeoutMs: checkWhole("heartbeatTimeoutMs", options.heartbeatTimeoutMs ?? half, 1, MAX_MS),
    targetPackMs: checkWhole("targetPackMs", options.targetPackMs ?? defaults.targetPackMs, 1, MAX_MS),
    resendAfterMs: checkWhole("resendAfterMs", options.resendAfterMs ?? 3 * settings.leaseMs, 1, MAX_MS),
    maxResends: checkWhole("maxResends", options.maxResends ?? defaults.maxResends, 0, 254),
  };
}

export type AdminOptions = CommonOptions;

/** Throws `CONFIG_INVALID`. */
export function adminSettings(options: AdminOptions) {
  checkKnown("queue admin", options, common);
  return commonSettings(options);
}

/** The options that an input of a run brings; its faults are its own. Throws `CONFIG_INVALID`. */
export function inputSettings(run: RunSettings, own: SendOptions): SendSettings {
  if (typeof own !== "object" || own === null)
    throw new DispatchError("CONFIG_INVALID", `the options of an input are ${String(own)}, no object`);
  checkKnown("input", own, perTask);
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  return taskSettings({ ...run, ...given });
}

const perTask = ["id", "priority", "delayMs", "key", "headers", "deadlineMs"];

/** Throws `CONFIG_INVALID`. */
export function sendSettings(options: SendOptions): SendSettings {
  checkKnown("send", options, perTask);
  return taskSettings(options);
}

/** The checks of what one task may have of its own; for inputs too, whose faults are theirs alone. */
export function taskSettings(options: SendOptions): SendSettings {
  if (options.id !== undefined) checkText("id", options.id);
  if (options.key !== undefined) checkText("key", options.key);
  if (options.headers !== undefined) checkHeaders(options.headers);
  if (options.deadlineMs !== undefined) checkWhole("deadlineMs", options.deadlineMs, 0, MAX_MS);
  return {
    id: options.id,
    key: options.key,
    headers: options.headers,
    deadlineMs: options.deadlineMs,
    priority: checkWhole("priority", options.priority ?? defaults.priority, 0, 10),
    delayMs: checkWhole("delayMs", options.delayMs ?? 0, 0, MAX_MS),
  };
}

/** Throws `CONFIG_INVALID`. */
export function runSettings(options: RunOptions): RunSettings {
  const own = ["globalTimeoutMs", "maxInFlight", "maxInFlightBytes", "ordered", "signal", "packs"];
  checkKnown("run", options, [...own, ...perTask.filter((key) => key !== "id" && key !== "key")]);
  if (options.globalTimeoutMs !== undefined) checkWhole("globalTimeoutMs", options.globalTimeoutMs, 1, MAX_MS);
  return {
    ...taskSettings(options),
    packs: options.packs === undefined ? undefined : checkKind("packs", options.packs, "boolean"),
    globalTimeoutMs: options.globalTimeoutMs,
    signal:
      options.signal === undefined
        ? undefined
        : checkKind("signal", options.signal, ["addEventListener", "removeEventListener"]),
    maxInFlight: checkWhole("maxInFlight", options.maxInFlight ?? defaults.maxInFlight, 1, 1_000_000),
    maxInFlightBytes: checkWhole("maxInFlightBytes", options.maxInFlightBytes ?? defaults.maxInFlightBytes, 1, MAX_MS),
    ordered: checkKind("ordered", options.ordered ?? false, "boolean"),
  };
}

const compressions = ["gzip", "zstd", "brotli", "off"] as const;
const bodies = ["compress", "compressAboveBytes", "blobs", "blobExpiryMs"];
const common = ["queue", "leaseMs", "create", "clock", "observer", "tracer", "random", ...bodies];

function commonSettings(options: CommonOptions) {
  return {
    queue: checkName("queue", options.queue ?? defaults.queue),
    leaseMs: checkWhole("leaseMs", options.leaseMs ?? defaults.leaseMs, 100, MAX_LEASE_MS),
    create: checkKind("create", options.create ?? true, "boolean"),
    clock: checkKind("clock", options.clock ?? systemClock(), ["now", "wall", "after", "soon"]),
    observer: options.observer === undefined ? undefined : checkKind("observer", options.observer, "function"),
    tracer:
      options.tracer === undefined
        ? undefined
        : checkKind("tracer", options.tracer, ["chooses", "begin", "unsent", "within"]),
    random: checkKind("random", options.random ?? Math.random, "function"),
    compress: options.compress === undefined ? undefined : checkWord("compress", options.compress, compressions),
    compressAboveBytes: checkWhole(
      "compressAboveBytes",
      options.compressAboveBytes ?? defaults.compressAboveBytes,
      0,
      MAX_MS,
    ),
    blobs: options.blobs === undefined ? undefined : checkKind("blobs", options.blobs, ["put", "get", "remove"]),
    blobExpiryMs: checkWhole("blobExpiryMs", options.blobExpiryMs ?? defaults.blobExpiryMs, 1_000, MAX_MS),
  };
}
