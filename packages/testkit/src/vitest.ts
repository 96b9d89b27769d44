import { describe, it } from "vitest";
import { type ConformanceOptions, register } from "./register.ts";

/** The conformance suite as vitest tests: all that an adapter's test file has to call. */
export function conformance(options: ConformanceOptions): void {
  register(options, { describe, it });
}
