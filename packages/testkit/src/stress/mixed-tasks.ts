import { type Context, Dead, Drop, type Input, type InputOptions, input, invalidInput } from "@org/dispatch-core";
import type { Delivery, EndCode, HoldOutcome, Outcome, Receipt, StandardSchema } from "@org/dispatch-core/contract";
import { FaultError } from "../decorators/wrap.ts";
import type { Process } from "../world/process.ts";
import { unwired } from "../world/wire.ts";
import type { WorkerProcess } from "../world/worker-process.ts";
import type { World } from "../world/world.ts";

/** What is true of every mixed run. */
export const mixed = Object.freeze({ maxAttempts: 3, maxLost: 3, timeoutLeases: 2.5, delaysMs: [300, 2_000, 9_000] });

export interface Payload {
  readonly kind: Kind;
  readonly n: number;
}

/** How such a task ends: exactly so. */
export interface Prediction {
  readonly outcome: Outcome;
  readonly code?: EndCode;
  readonly attempts: number;
  readonly lost: number;
  /** How often of 1,000. */
  readonly weight: number;
  /** Is it a dead letter? A task that was never sent is none. */
  readonly letter?: boolean;
}

const completed = { outcome: "completed", attempts: 1, lost: 0 } as const;
const dead = (code: EndCode, attempts: number, weight: number) =>
  ({ outcome: "dead", code, attempts, lost: 0, weight, letter: true }) as const;

export const table = Object.freeze({
  plain: { ...completed, weight: 700 },
  slow: { ...completed, weight: 6 },
  delayed: { ...completed, weight: 60 },
  "fails once": { ...completed, attempts: 2, weight: 60 },
  "fails twice": { ...completed, attempts: 3, weight: 30 },
  "fails for ever": dead("ATTEMPTS_EXHAUSTED", 3, 20),
  "runs for ever": dead("TIMED_OUT", 3, 2),
  "is rejected": dead("REJECTED", 1, 30),
  "is dropped": { outcome: "cancelled", code: "CANCELLED", attempts: 1, lost: 0, weight: 20 },
  "is invalid at the worker": dead("INPUT_INVALID", 1, 20),
  "is invalid at the sender": { ...dead("INPUT_INVALID", 0, 20), letter: false },
  "is late before it is sent": { outcome: "expired", code: "EXPIRED", attempts: 0, lost: 0, weight: 15 },
  "is due after its deadline": { outcome: "expired", code: "EXPIRED", attempts: 0, lost: 0, weight: 16 },
  poison: { outcome: "dead", code: "LOST", attempts: 0, lost: mixed.maxLost + 1, weight: 1, letter: true },
} satisfies Record<string, Prediction>);

export type Kind = keyof typeof table;

const kinds = Object.keys(table) as Kind[];

/** `count` of them, mixed as the weights say. */
export function mixedKinds(count: number, random: () => number): Kind[] {
  const sum = kinds.reduce((all, kind) => all + table[kind].weight, 0);
  const all = kinds.flatMap((kind) => Array<Kind>(Math.round((count * table[kind].weight) / sum)).fill(kind));
  while (all.length < count) all.push("plain");
  all.length = count;
  for (let last = count - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [all[last], all[other]] = [all[other] as Kind, all[last] as Kind];
  }
  return all;
}

/** The input of one task: any priority, every seventh with an id of its user, every eleventh with a key. */
export function inputOf(kind: Kind, n: number, random: () => number): Input<Payload> {
  if (kind === "is invalid at the sender") return invalidInput(`input ${n} is no JSON`);
  const options: InputOptions = {
    priority: Math.floor(random() * 11),
    ...(n % 7 === 0 ? { id: refOf(n) } : {}),
    ...(n % 11 === 0 ? { key: `tenant ${n % 5}` } : {}),
    ...(kind === "delayed" ? { delayMs: delayOf(n) } : {}),
    ...(kind === "is late before it is sent" ? { deadlineMs: 0 } : {}),
    ...(kind === "is due after its deadline" ? { deadlineMs: 200, delayMs: 300 } : {}),
  };
  return input({ kind, n: kind === "is invalid at the worker" ? -1 : n }, options);
}

export const refOf = (n: number): string => `order ${n}`;
export const delayOf = (n: number): number => mixed.delaysMs[n % mixed.delaysMs.length] as number;

/** What a worker takes: a number that is not negative. */
export const schema: StandardSchema<unknown, Payload> = {
  "~standard": {
    version: 1,
    vendor: "cases",
    validate: (value) =>
      (value as Payload).n >= 0 ? { value: value as Payload } : { issues: [{ message: "n is negative" }] },
  },
};

export const handlerIn =
  (world: World) =>
  async (payload: unknown, { attempt, signal }: Context, host: WorkerProcess): Promise<number> => {
    const { kind, n } = payload as Payload;
    await world.sleep(kind === "slow" ? world.leaseMs * 2 : 1 + (n % 5), host);
    if (kind === "poison" || kind === "runs for ever") await world.sleep(1e9, host, signal);
    if (kind === "is rejected") throw new Dead(`never ${n}`);
    if (kind === "is dropped") throw new Drop(`nobody wants ${n}`);
    if (kind === "fails for ever") throw new Error(`always ${n}`);
    if (kind === "fails once" && attempt < 2) throw new Error(`once ${n}`);
    if (kind === "fails twice" && attempt < 3) throw new Error(`twice ${n}`);
    return n;
  };

/**
 * What makes a task poison: no lease of it is ever renewed, so that each of its holders loses it, and nothing else. (A poison task that kills its process
 * takes a loss to all that the process held: see `system.lost`.)
 */
export function withPoison(world: World): (process: Process) => void {
  return (process) => {
    const poison = new WeakSet<Receipt>();
    process.intercept("receive", async ({ proceed }) => {
      const deliveries = (await proceed()) as readonly Delivery[];
      for (const { receipt, bytes } of deliveries)
        if (unwired(world.profile, bytes).includes('"kind":"poison"')) poison.add(receipt);
      return deliveries;
    });
    process.intercept("renew", async ({ args, proceed }) => {
      const [receipts, ...rest] = args as [readonly Receipt[], ...unknown[]];
      const good = receipts.filter((receipt) => !poison.has(receipt));
      const answers = good.length === 0 ? [] : ((await proceed(good, ...rest)) as readonly HoldOutcome[]);
      let at = 0;
      return receipts.map((receipt) =>
        poison.has(receipt) ? { failed: new FaultError("UNAVAILABLE", "poison keeps no lease") } : answers[at++],
      );
    });
  };
}
