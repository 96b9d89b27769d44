import { DispatchError } from "@org/dispatch-core";
import type { Clock } from "@org/dispatch-core/contract";
import type { Registry } from "prom-client";
import type { HealthOptions } from "./health.ts";
import type { ScaleOptions } from "./scale.ts";

export interface MetricsOptions {
  /** What all names begin with; default `dispatch`. */
  readonly prefix?: string | undefined;
  /** Where they are registered; default: a registry of their own. */
  readonly registry?: Registry | undefined;
  /** Names of tasks that may be labels, beside those that workers serve and runs and sends have here. */
  readonly tasks?: readonly string[] | undefined;
  /** The most names of tasks that become labels, and the most of queues; all others are `_other`. Default 100. */
  readonly maxTasks?: number | undefined;
  readonly maxQueues?: number | undefined;
  readonly health?: Partial<HealthOptions> | undefined;
  readonly scale?: Partial<ScaleOptions> | undefined;
  /** Default: the machine's. */
  readonly clock?: Pick<Clock, "wall"> | undefined;
}

export const metricsDefaults = Object.freeze({
  prefix: "dispatch",
  maxTasks: 100,
  maxQueues: 100,
  health: Object.freeze({ staleMs: 60_000, failureMs: 3_000, grantMs: 30_000 }) satisfies HealthOptions,
  scale: Object.freeze({ drainSeconds: 30, slotsPerWorker: 10 }) satisfies ScaleOptions,
});

const KNOWN = [
  "prefix",
  "registry",
  "tasks",
  "maxTasks",
  "maxQueues",
  "health",
  "scale",
  "clock",
] satisfies (keyof MetricsOptions)[];
const MOST_NAMES = 10_000;

/** Throws `CONFIG_INVALID` for what is unknown or out of range. */
export function checkOptions(options: MetricsOptions): void {
  const unknown = Object.keys(options).find((key) => !(KNOWN as string[]).includes(key));
  if (unknown !== undefined) throw invalid(`metrics: unknown option ${unknown}; known are ${KNOWN.join(", ")}`);
  const { prefix, maxTasks, maxQueues, health = {}, scale = {} } = options;
  if (prefix !== undefined && !/^[a-zA-Z][a-zA-Z0-9_]{0,63}$/.test(prefix))
    throw invalid(`metrics: prefix is not a name of letters, digits and _ that begins with a letter: ${prefix}`);
  for (const [key, value] of Object.entries({ maxTasks, maxQueues })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= MOST_NAMES))
      throw invalid(`metrics: ${key} is not a whole number from 1 to ${MOST_NAMES}: ${value}`);
  }
  for (const [key, value] of Object.entries({ ...health, ...scale })) {
    if (value !== undefined && !(typeof value === "number" && value >= 0 && Number.isFinite(value)))
      throw invalid(`metrics: ${key} is not a number from 0: ${value}`);
  }
  for (const [key, value] of Object.entries(scale)) if (value === 0) throw invalid(`metrics: ${key} is 0`);
}

/** A bad option. */
export function invalid(message: string): DispatchError {
  return new DispatchError("CONFIG_INVALID", message);
}
