import { defineConfig } from "vitest/config";

// The cases of the conformance suite mostly wait for leases to run out: some run side by side, each in a namespace of its own;
// with more of them the server has less time for each than their leases last. ElasticMQ, which has all levels in `./dev test --full`, has less to spare.
const maxConcurrency = process.env.DISPATCH_TEST_FULL === "1" ? 3 : 8;

// The SDK looks for a region where none is given, and asks the cloud's machine for it: no test is on one.
const env = { AWS_EC2_METADATA_DISABLED: "true" };

export default defineConfig({
  test: { globalSetup: "src/testing/services.ts", hookTimeout: 300_000, testTimeout: 30_000, maxConcurrency, env },
});
