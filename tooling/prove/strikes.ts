/** How each fault strikes, once. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Crew } from "./crew.ts";
import type { CellPlan, Fault } from "./faults.ts";
import type { Watch } from "./watch.ts";

/** What a strike reaches. */
export interface Scene {
  readonly crew: Crew;
  readonly watch: Watch;
  readonly plan: CellPlan;
  readonly leaseMs: number;
  readonly restart: ((awayMs: number) => Promise<unknown>) | undefined;
  /** The promise's value; throws where the cell ends before. */
  during<T>(promise: Promise<T>): Promise<T>;
  /** Answers whether it came true. */
  until(condition: () => boolean, withinMs: number): Promise<boolean>;
}

/** What a strike has shown beside its end. */
export interface Struck {
  /** The next completion shows that the system has recovered from it. */
  readonly isHeldUp: boolean;
  /** Tasks that others have completed while who had begun them stood still. */
  readonly zombieRounds?: number;
  /** How long it took until somebody noticed. */
  readonly noticedMs?: number;
}

/** Workers that are frozen at a time; the others have to do their work. */
const ZOMBIES = 2;
/** So many leases are waited for others to take what somebody held; then it goes on, and the figures show it. */
const LEASES = 10;
/** What was said before a signal has arrived by then. */
const HEARD_MS = 200;
/** Who has noticed nothing by then never will: that is what the figure says. */
const UNNOTICED_MS = 60_000;
/** How long a connection is slow at a time. */
const SLOW_MS = 4_000;

export const strikes: Readonly<Record<Fault, (scene: Scene) => Promise<Struck>>> = {
  none: async () => ({ isHeldUp: false }),

  async kill({ crew, watch, leaseMs, until }) {
    const [victim] = crew.pick(1);
    if (victim === undefined) throw new Error("there is no worker to kill");
    watch.hands.lose(victim.id, performance.now());
    await crew.kill(victim);
    await crew.hire(1);
    // The next one must not be killed over the same tasks: how soon they are redelivered is of one kill.
    const isTaken = (n: number) => watch.hands.isTaken(victim.id, n) || watch.tally.isCompleted(n);
    await until(() => [...watch.hands.of(victim.id)].every(isTaken), leaseMs * LEASES);
    return { isHeldUp: false };
  },

  async zombie({ crew, watch, leaseMs, until, during }) {
    const zombies = crew.pick(ZOMBIES);
    const frozenAtMs = performance.now();
    for (const { id, freeze } of zombies) {
      watch.hands.lose(id, frozenAtMs);
      freeze();
    }
    await during(sleep(HEARD_MS));
    const held = zombies.flatMap(({ id }) => [...watch.hands.of(id)].map((n) => ({ id, n })));
    const isOver = () => performance.now() - frozenAtMs > leaseMs * 1.1;
    await until(() => isOver() && held.every(({ n }) => watch.tally.isCompleted(n)), leaseMs * LEASES);
    const rounds = held.filter(({ id, n }) => watch.hands.isTaken(id, n) && watch.tally.isCompleted(n));
    for (const { id, thaw } of zombies) {
      watch.hands.back(id);
      thaw();
    }
    // They try to write what they have.
    await during(sleep(HEARD_MS * 5));
    return { isHeldUp: false, zombieRounds: rounds.length };
  },

  restart: away,
  outage: away,

  async reset({ crew }) {
    for (const { wire } of crew.members) wire?.cut();
    return { isHeldUp: true };
  },

  async "half-open"({ crew, watch, leaseMs, during }) {
    const failure = watch.failures.next();
    const since = performance.now();
    for (const { wire } of crew.members) wire?.blackHole(true);
    const unnoticed = sleep(UNNOTICED_MS, undefined, { ref: false }).then(() => performance.now());
    const noticedMs = (await during(Promise.race([failure, unnoticed]))) - since;
    await during(sleep(leaseMs));
    for (const { wire } of crew.members) wire?.blackHole(false);
    return { isHeldUp: true, noticedMs };
  },

  async latency({ crew, leaseMs, during }) {
    for (const { wire } of crew.members) wire?.latency(leaseMs / 20);
    await during(sleep(SLOW_MS));
    for (const { wire } of crew.members) wire?.latency(0);
    return { isHeldUp: true };
  },
};

async function away({ restart, plan }: Scene): Promise<Struck> {
  if (restart === undefined) throw new Error("nothing here can restart this broker");
  await restart(plan.awayMs);
  return { isHeldUp: true };
}
