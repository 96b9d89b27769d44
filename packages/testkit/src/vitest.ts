import { afterAll, describe, it } from "vitest";
import type { ConformanceOptions } from "./options.ts";
import { register } from "./register.ts";

/** The conformance suite as vitest tests: all that an adapter's test file has to call. */
export function conformance(options: ConformanceOptions): void {
  register(options, {
    describe: (name, body, concurrency) => (concurrency > 1 ? describe.concurrent(name, body) : describe(name, body)),
    it,
    after: (body) => afterAll(body),
  });
}
