import { type Need, servicesSetup } from "../../../../tooling/services/setup.ts";

/** One server always; with `./dev test --full` the other versions and forms. */
const full: Readonly<Record<string, Need>> =
  process.env.DISPATCH_TEST_FULL === "1"
    ? {
        redis8: { name: "redis", version: "8" },
        valkey9: { name: "valkey", version: "9" },
        cluster: { name: "redis", form: "cluster" },
        tls: { name: "redis", form: "tls" },
      }
    : {};

export default servicesSetup({ redis: { name: "redis" }, ...full });
