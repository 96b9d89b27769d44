import { defineConfig } from "vitest/config";

// The cases of the conformance suite mostly wait for sessions to run out: they run side by side, each in a namespace of its own. The files do not, since
// one of them stops the server.
export default defineConfig({
  test: {
    fileParallelism: false,
    globalSetup: "src/testing/services.ts",
    hookTimeout: 300_000,
    testTimeout: 30_000,
    maxConcurrency: 8,
  },
});
