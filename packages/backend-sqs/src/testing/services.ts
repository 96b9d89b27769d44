import { type Need, servicesSetup } from "../../../../tooling/services/setup.ts";

/** By itself only what runs in the process of the tests; with `./dev test --full` the servers that need a JVM and Python. */
const full: Readonly<Record<string, Need>> =
  process.env.DISPATCH_TEST_FULL === "1" ? { sqs: { name: "sqs" }, moto: { name: "moto" } } : {};

export default servicesSetup(full);
