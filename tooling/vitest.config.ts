import { defineConfig } from "vitest/config";

// These tests start compilers, npm and whole commands.
export default defineConfig({
  test: { testTimeout: 60_000, hookTimeout: 120_000 },
});
