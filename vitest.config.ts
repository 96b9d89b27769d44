import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { projects: ["packages/*", "examples/*", "!examples/own-backend", "tooling"] },
});
