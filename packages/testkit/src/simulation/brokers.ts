import { type Backend, UNLIMITED } from "@org/dispatch-core/contract";
import { memory } from "@org/dispatch-core/memory";
import { countingGrants, withFacts, withoutMove } from "../decorators/facts.ts";

/** A session's end is noticed after so long: longer times cost turns and show nothing more. */
const DETECTION_MS = 1_500;

const lanes = { priorityLevels: 0, priorityOrder: "none", starvationGrants: 0 } as const;

/** The simulated brokers, each with the mechanics that its profile stands for. `seed` makes its disorder the same each time. */
const makers = {
  memory: () => memory(),
  "memory that counts grants": () => countingGrants(memory()),
  "memory without move": () => withoutMove(memory()),
  "memory without priorities": () => withFacts(memory(), lanes),
  "memory as redis": (seed) => memory({ character: "redis", mechanics: { seed } }),
  "memory as redis without move": (seed) =>
    memory({ character: "redis", mechanics: { seed }, profile: { verbs: ["depth", "browse", "purge", "remove"] } }),
  "memory as sqs": (seed) => memory({ character: "sqs", mechanics: { seed }, profile: { pollMs: 1_000 } }),
  "memory as rabbitmq": (seed) =>
    memory({
      character: "rabbitmq",
      mechanics: { seed },
      profile: { lease: { kind: "session", totalCapMs: 1_800_000, detectionMs: DETECTION_MS } },
    }),
  "memory as kafka": (seed) =>
    memory({
      character: "kafka",
      mechanics: { seed },
      // Few tiers: all of them are pumped by every worker.
      profile: { ackLagMs: 200, lease: { kind: "session", totalCapMs: UNLIMITED, detectionMs: DETECTION_MS } },
    }),
} satisfies Record<string, (seed: number) => Backend>;

/** A broker that can be simulated. */
export type BrokerName = keyof typeof makers;

export const brokers = Object.keys(makers) as [BrokerName, ...BrokerName[]];

export function makeBroker(name: BrokerName, seed: number): Backend {
  return (makers[name] as (seed: number) => Backend)(seed);
}
