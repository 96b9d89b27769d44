import type { TracerProvider } from "@opentelemetry/api";
import { DispatchError } from "@org/dispatch-core";

export interface TracesOptions {
  /** Of which part of the tasks sent here a trace begins, 0 to 1; chosen before anything is made of it. What has one already goes on with it. Default 1. */
  readonly ratio?: number | undefined;
  /** Default: the global one. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** The name of the backend; default: what its first call says. */
  readonly backend?: string | undefined;
  /** A number in [0, 1); default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

const KNOWN = ["ratio", "tracerProvider", "backend", "random"] satisfies (keyof TracesOptions)[];

/** Throws `CONFIG_INVALID` for what is unknown or out of range. */
export function checkOptions(options: TracesOptions): void {
  const unknown = Object.keys(options).find((key) => !(KNOWN as string[]).includes(key));
  if (unknown !== undefined) throw invalid(`unknown option ${unknown}; known are ${KNOWN.join(", ")}`);
  const { ratio, tracerProvider, backend, random } = options;
  if (ratio !== undefined && !(typeof ratio === "number" && ratio >= 0 && ratio <= 1))
    throw invalid(`ratio is not a number from 0 to 1: ${ratio}`);
  if (tracerProvider !== undefined && typeof tracerProvider?.getTracer !== "function")
    throw invalid("tracerProvider has no function getTracer");
  if (backend !== undefined && (typeof backend !== "string" || backend === ""))
    throw invalid(`backend is not a name: ${backend}`);
  if (random !== undefined && typeof random !== "function") throw invalid(`random is not a function: ${random}`);
}

function invalid(message: string): DispatchError {
  return new DispatchError("CONFIG_INVALID", `traces: ${message}`);
}
