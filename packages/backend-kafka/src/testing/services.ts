import { type Need, servicesSetup } from "../../../../tooling/services/setup.ts";

/** The older server, the one with TLS and the cluster take long: with `./dev test --full`. */
const full: Readonly<Record<string, Need>> =
  process.env.DISPATCH_TEST_FULL === "1"
    ? { kafka3: { name: "kafka", version: "3.9.2" }, tls: { name: "kafka", form: "tls" } }
    : {};

export default servicesSetup({ kafka: { name: "kafka" }, ...full });
