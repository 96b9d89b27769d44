import { down } from "../../../../tooling/services/lifecycle.ts";
import { type Need, servicesSetup } from "../../../../tooling/services/setup.ts";

/** One server always; with `./dev test --full` the other versions and forms. */
export const needs: Readonly<Record<string, Need>> = {
  redis: { name: "redis" },
  ...(process.env.DISPATCH_TEST_FULL === "1" && {
    redis8: { name: "redis", version: "8" },
    valkey9: { name: "valkey", version: "9" },
    cluster: { name: "redis", form: "cluster" },
    tls: { name: "redis", form: "tls" },
  }),
};

// The suite stops and starts them: they are nobody else's.
process.env.DISPATCH_SERVICES_SET = "backend-redis";
const setup = servicesSetup(needs);

export default async (project: Parameters<typeof setup>[0]) => {
  await setup(project);
  return () => down("all");
};
