import { type Need, servicesSetup } from "../../../../tooling/services/setup.ts";

/** The newest server and the oldest one always; with `./dev test --full` the one between, and the other forms. */
const full: Readonly<Record<string, Need>> =
  process.env.DISPATCH_TEST_FULL === "1"
    ? {
        rabbitmq40: { name: "rabbitmq", version: "4.0" },
        cluster: { name: "rabbitmq", form: "cluster" },
        tls: { name: "rabbitmq", form: "tls" },
      }
    : {};

export default servicesSetup({
  rabbitmq: { name: "rabbitmq" },
  rabbitmq310: { name: "rabbitmq", version: "3.10" },
  ...full,
});
