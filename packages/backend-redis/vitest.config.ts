import { defineConfig } from "vitest/config";

// The cases of the conformance suite mostly wait for leases to run out: they run side by side, each in a namespace of its own.
export default defineConfig({
  test: { hookTimeout: 300_000, testTimeout: 30_000, maxConcurrency: 16 },
});
