import type { Profile } from "@org/dispatch-core/contract";
import { type Character, memory, type ProfileChange } from "@org/dispatch-core/memory";
import { countingGrants, withFacts, without } from "./decorators/facts.ts";
import { slow } from "./decorators/slow.ts";
import { conformance } from "./vitest.ts";

const plain = (namespace: string) => memory({ namespace });
const core = ["system", "chaos"] as const;
/** What core does otherwise where a fact is another one; that its processes die is no other fact. */
const facts = ["system"] as const;

conformance({ backend: plain, name: "memory", levels: ["seam", ...core] });
conformance({
  backend: (name) => countingGrants(plain(name)),
  name: "memory that counts grants",
  levels: ["seam", ...core],
});
conformance({ backend: (name) => without(plain(name), "move"), name: "memory without move", levels: core });
conformance({
  backend: (name) => without(plain(name), "move", "depth", "remove"),
  name: "memory with little",
  levels: facts,
});
conformance({ backend: (name) => slow(plain(name), { ms: 40 }), name: "memory far away", levels: facts, slackMs: 400 });

// What core emulates: lanes, the later queue, and tiers.
const lanes: Partial<Profile> = { priorityLevels: 0, priorityOrder: "none", starvationGrants: 0 };
const capped: Partial<Profile> = { sendDelayMs: 900_000 };
const tiers = ({ limits }: Profile): Partial<Profile> => ({
  sendDelayMs: 0,
  releaseDelayMs: 0,
  limits: { ...limits, delayPrecisionMs: 100 },
});

conformance({ backend: (name) => withFacts(plain(name), lanes), name: "memory without priorities", levels: facts });
conformance({ backend: (name) => withFacts(plain(name), capped), name: "memory with a short delay", levels: facts });
conformance({
  backend: (name) =>
    withFacts(plain(name), { ...capped, ...lanes, releaseDelayMs: 43_200_000, retentionMs: 345_600_000 }),
  name: "memory with a short delay and retention, without priorities",
  levels: facts,
});
conformance({
  backend: (name) => withFacts(plain(name), tiers(plain(name).profile)),
  name: "memory without delays",
  levels: facts,
});
conformance({
  backend: (name) => without(withFacts(plain(name), { sendDelayMs: 0, releaseDelayMs: 43_200_000, ...lanes }), "move"),
  name: "memory with delays of releases alone, without move and priorities",
  levels: facts,
});
conformance({
  backend: (name) => without(withFacts(plain(name), { ...tiers(plain(name).profile), ...lanes }), "move"),
  name: "memory without delays, move and priorities",
  levels: facts,
});

// Each process with a session of its own, on the facts of four brokers.
const characters: readonly (readonly [character: Character, change: ProfileChange, name?: string])[] = [
  ["redis", {}],
  // A poll of 20 s would be longer than the drains of the cases.
  ["sqs", { pollMs: 1_000 }],
  ["rabbitmq", {}],
  // A ladder of 18 queues instead of 28, up to seven hours: what lies beyond its delay can be waited for.
  ["rabbitmq", { sendDelayMs: 26_214_300 }, "rabbitmq with a short ladder"],
  ["kafka", {}],
];
for (const [character, profile, name = character] of characters) {
  const backend = (namespace: string) => memory({ namespace, character, profile });
  conformance({ backend, name: `memory as ${name}`, levels: ["seam", ...core] });
  if (name === character)
    conformance({ backend, name: `memory as ${name}, with load`, levels: ["stress"], timeoutMs: 120_000 });
}
