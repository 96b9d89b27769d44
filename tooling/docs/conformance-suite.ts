/** What docs/conformance.md is made of; core and the testkit must be built. */
import { memory } from "../../packages/core/dist/memory.js";
import { cases, invariantTexts, mutants } from "../../packages/testkit/dist/index.js";
import type { Suite } from "./conformance-page.ts";

const characters = ["redis", "sqs", "rabbitmq", "kafka"] as const;

/** With a delay that has a cap, too: each kind of fact in some of them. */
const backends = [
  memory(),
  ...characters.map((character) => memory({ character })),
  memory({ character: "sqs", profile: { sendDelayMs: 0 } }),
];

export const suite: Suite = { cases, mutants, invariantTexts, profiles: backends.map(({ profile }) => profile) };
