/** What is done to a system while it works, and how often: pure. A cell is one of these on one backend. */
import type { Profile } from "../../packages/core/dist/contract.js";

export const FAULTS = ["none", "kill", "zombie", "restart", "outage", "reset", "half-open", "latency"] as const;
export type Fault = (typeof FAULTS)[number];

/** In a line each, for the help and the docs. */
export const faultTexts: Readonly<Record<Fault, string>> = {
  none: "nothing: what the others are compared with",
  kill: "one of the workers' processes gets SIGKILL, another one takes its place, and others what it held",
  zombie: "two of the workers' processes get SIGSTOP until others have done what they held, then SIGCONT",
  restart: "the broker restarts with its data",
  outage: "the broker is away for longer than anything waits",
  reset: "every connection of the workers is reset, at most once in 3 s",
  "half-open": "the workers' connections answer no more, and nobody is told",
  latency: "the workers are a tenth of a lease away from the broker",
};

/** For the docs: what is measured as its recovery, and what of it is a goal. */
export const faultGoals: Readonly<Record<Fault, string>> = {
  none: "",
  kill: "from the SIGKILL until another worker begins what the dead one had begun and nobody has done since: p99 ≤ lease + 1 s",
  zombie:
    "from the SIGSTOP, as above, without a goal; at least 1,000 tasks begun by who then stood still are completed by others before it goes on, and none of them twice",
  restart: "from its being back until something completes that was begun after that: p99 ≤ 5 s, or `pollMs` + 5 s",
  outage: "the same, however long it was away (60 s)",
  reset: "the same, from the reset on",
  "half-open": "the same, from when it answers again; a call fails within 10 s of the silence (p99), or `pollMs` + 5 s",
  latency: "the same, from when it is near again",
};

/** How much is done in a cell. */
export interface CellPlan {
  readonly fault: Fault;
  readonly tasks: number;
  /** How often the fault strikes, spread evenly over the tasks. */
  readonly strikes: number;
  /** From the end of a strike to the next one it takes so long at least. */
  readonly gapMs: number;
  /** Handlers at a time in each worker. */
  readonly concurrency: number;
  /** A task takes up to so long. */
  readonly mostTakesMs: number;
  /** How long the broker is away at a time. */
  readonly awayMs: number;
  /** So many tasks at least have to be done by others while who had begun them stood still. */
  readonly zombieRounds: number;
}

const STRIKES: Readonly<Record<Fault, { readonly full: number; readonly short: number }>> = {
  none: { full: 0, short: 0 },
  kill: { full: 100, short: 10 },
  zombie: { full: 25, short: 5 },
  restart: { full: 5, short: 2 },
  outage: { full: 2, short: 1 },
  reset: { full: 100, short: 10 },
  "half-open": { full: 5, short: 2 },
  latency: { full: 20, short: 4 },
};

/** `short`: to see in minutes whether something is broken; it proves little. */
export function planCell(fault: Fault, short: boolean): CellPlan {
  const isZombie = fault === "zombie";
  return {
    fault,
    tasks: short ? 5_000 : 100_000,
    strikes: STRIKES[fault][short ? "short" : "full"],
    // A frame whose holders lost their sessions more than `maxLost` times is dead, as promised: between two resets there is time to do it.
    gapMs: fault === "reset" ? 3_000 : 0,
    // Who is frozen has to have many tasks under way: each is a round.
    concurrency: isZombie ? 50 : 20,
    mostTakesMs: isZombie ? 200 : 5,
    awayMs: fault === "outage" ? (short ? 10_000 : 60_000) : 500,
    zombieRounds: isZombie ? (short ? 100 : 1_000) : 0,
  };
}

/** What there is to strike with. */
export interface Means {
  readonly profile: Profile;
  /** Can the broker be restarted? */
  readonly restart: boolean;
  /** Can the workers' connections be harmed? */
  readonly proxy: boolean;
}

const NEEDS_RESTART: readonly Fault[] = ["restart", "outage"];
const NEEDS_WIRE: readonly Fault[] = ["half-open", "latency"];
const NEEDS_PROXY: readonly Fault[] = ["reset", "half-open", "latency"];

/** Why a cell cannot be; undefined: it can. */
export function leftOut(fault: Fault, { profile, restart, proxy }: Means): string | undefined {
  if (NEEDS_RESTART.includes(fault)) {
    if (profile.durability === "none") return "durability none: what was sent would be gone";
    return restart ? undefined : "nothing here can restart this broker";
  }
  // A reset is what its calls see of it; to be silent, or slow, needs a wire.
  if (NEEDS_WIRE.includes(fault) && profile.reach === "process") return "reach process: there is no wire";
  if (NEEDS_PROXY.includes(fault) && profile.reach === "network" && !proxy)
    return "no proxy can stand before this broker";
  return undefined;
}

/** Where the workers of a cell are: in processes of their own, or in this one, where their wires can be reached. */
export function needsWires(fault: Fault): boolean {
  return NEEDS_PROXY.includes(fault);
}
