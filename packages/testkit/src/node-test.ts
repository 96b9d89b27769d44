import { after, describe, it } from "node:test";
import type { ConformanceOptions } from "./options.ts";
import { register } from "./register.ts";

/** The conformance suite as tests of Node's own runner: all that an adapter's test file has to call. */
export function conformance(options: ConformanceOptions): void {
  register(options, { describe: (name, body, concurrency) => describe(name, { concurrency }, body), it, after });
}
