import { defineConfig } from "vitest/config";

// These tests start compilers, npm and whole commands.
export default defineConfig({
  test: { testTimeout: 30_000, hookTimeout: 60_000 },
});
