import { type Need, servicesSetup } from "../../../../tooling/services/setup.ts";

/** What runs in the process of the tests is not enough for the command; with `./dev test --full` the server that needs Python, too. */
const needs: Readonly<Record<string, Need>> = {
  sqs: { name: "sqs" },
  ...(process.env.DISPATCH_TEST_FULL === "1" && { moto: { name: "moto" } }),
};

export default servicesSetup(needs);
