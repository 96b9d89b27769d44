import { defineConfig } from "vitest/config";

// The cases of the conformance suite mostly wait for leases to run out: some run side by side, each in a namespace of its own;
// more of them only wait for the server, and then for their leases again.
export default defineConfig({
  test: { globalSetup: "src/testing/services.ts", hookTimeout: 300_000, testTimeout: 30_000, maxConcurrency: 3 },
});
