import { down } from "../../../../tooling/services/lifecycle.ts";
import { type Need, servicesSetup } from "../../../../tooling/services/setup.ts";

/** One server always; with `./dev test --full` the older one, the one with TLS, and three brokers. */
export const needs: Readonly<Record<string, Need>> = {
  kafka: { name: "kafka" },
  ...(process.env.DISPATCH_TEST_FULL === "1" && {
    kafka3: { name: "kafka", version: "3.9.2" },
    tls: { name: "kafka", form: "tls" },
    cluster: { name: "kafka", form: "cluster" },
  }),
};

// The suite stops and starts them: they are nobody else's.
process.env.DISPATCH_SERVICES_SET = "backend-kafka";
const setup = servicesSetup(needs);

export default async (project: Parameters<typeof setup>[0]) => {
  await setup(project);
  return () => down("all");
};
