import type { DispatcherOptions, InputOptions, RunOptions, WorkerOptions } from "@org/dispatch-core";
import { type BrokerName, brokers } from "./brokers.ts";
import { Dice } from "./dice.ts";
import { drawScript, type Script, type ScriptPolicy } from "./script.ts";

/** What the network and the processes suffer in the safety phase: probabilities of one call, and how many of each fault of a process. */
export interface Faults {
  /** A request and its answer each take up to so long. */
  readonly delayMs: number;
  /** A call fails before it took effect. */
  readonly failBefore: number;
  /** Its answer is lost. */
  readonly failAfter: number;
  /** It arrives twice. */
  readonly twice: number;
  /** The broker says ok to a frame, and has lost it. */
  readonly loses: number;
  readonly crashes: number;
  readonly freezes: number;
  readonly partitions: number;
  readonly cuts: number;
  readonly outages: number;
  /** Graceful stops, each followed by another worker. */
  readonly stops: number;
  /** How long the phase lasts. */
  readonly forMs: number;
}

/** A task of a simulation: what is sent, and with which options. */
export interface Sending {
  readonly payload: Script;
  readonly options: InputOptions;
}

/** Everything that a seed means. The names of the options are core's own. */
export interface Setting extends ScriptPolicy {
  readonly seed: number;
  readonly broker: BrokerName;
  readonly workers: number;
  readonly worker: WorkerOptions;
  readonly dispatcher: DispatcherOptions;
  readonly run: RunOptions;
  /** No fault at all: what each task comes to is known exactly. */
  readonly calm: boolean;
  readonly faults: Faults;
  /** For a run. */
  readonly inputs: readonly Sending[];
  /** For nobody who waits. */
  readonly sends: readonly Sending[];
}

/** Draws the setting of a seed. The order of the draws is the meaning of a seed: what is added comes last, or old seeds mean something else. */
export function drawSetting(seed: number, only: readonly BrokerName[] = brokers): Setting {
  const dice = new Dice(`setting ${seed}`);
  const broker = dice.pick(only as [BrokerName, ...BrokerName[]]);
  const calm = dice.chance(0.15);
  const leaseMs = dice.pick([1_000, 1_500, 3_000]);
  const policy: ScriptPolicy = {
    leaseMs,
    timeoutMs: leaseMs * dice.pick([1, 2, 4]),
    maxAttempts: dice.whole(1, 4),
    maxLost: dice.pick([0, 1, 2, 3, 3]),
  };
  const tasks = dice.pick([dice.whole(1, 10), dice.whole(10, 30), dice.whole(30, 60)]);
  const draw = (index: number) => drawSending(dice, index, policy, calm);
  const drawn: Setting = {
    ...policy,
    seed,
    broker,
    calm,
    workers: dice.whole(calm ? 1 : 2, 4),
    worker: {
      leaseMs,
      timeoutMs: policy.timeoutMs,
      maxAttempts: policy.maxAttempts,
      maxLost: policy.maxLost,
      concurrency: dice.pick([1, 2, 5, 20]),
      backoff: { baseMs: dice.pick([10, 100]), maxMs: 1_000 },
      drainMs: dice.pick([1_000, leaseMs * 2]),
      abandonMs: dice.pick([50, 500]),
    },
    dispatcher: { leaseMs, resendAfterMs: 4 * leaseMs },
    run: { ordered: dice.chance(0.2), maxInFlight: dice.pick([5, 1_000]) },
    faults: calm ? drawCalm(dice) : drawFaults(dice, leaseMs),
    inputs: Array.from({ length: tasks }, (_, index) => draw(index)),
    sends: Array.from({ length: dice.chance(0.5) ? dice.whole(1, 8) : 0 }, (_, index) => draw(index + tasks)),
  };
  return { ...drawn, dispatcher: { ...drawn.dispatcher, ...drawPacks(dice) } };
}

function drawPacks(dice: Dice): DispatcherOptions {
  const maxBatchSize = dice.pick([2, 5, 20]);
  return {
    packs: dice.chance(0.5),
    maxBatchSize,
    initialBatchSize: dice.whole(1, maxBatchSize),
    targetPackMs: dice.pick([10, 100, 1_000]),
  };
}

function drawSending(dice: Dice, index: number, policy: ScriptPolicy, peaceful: boolean): Sending {
  const options = {
    ...(dice.chance(0.5) ? { priority: dice.whole(0, 10) } : {}),
    ...(dice.chance(0.15) ? { delayMs: dice.whole(1, 3 * policy.leaseMs) } : {}),
    ...(dice.chance(0.1) ? { deadlineMs: dice.whole(1, 4 * policy.leaseMs) } : {}),
    ...(dice.chance(0.1) ? { id: `user-${index}` } : {}),
    ...(dice.chance(0.1) ? { key: `key-${index % 3}` } : {}),
  };
  return { payload: drawScript(dice, index, policy, peaceful), options };
}

const none: Faults = {
  delayMs: 0,
  failBefore: 0,
  failAfter: 0,
  twice: 0,
  loses: 0,
  crashes: 0,
  freezes: 0,
  partitions: 0,
  cuts: 0,
  outages: 0,
  stops: 0,
  forMs: 0,
};

/** A rolling restart is no fault. */
function drawCalm(dice: Dice): Faults {
  return { ...none, delayMs: dice.pick([0, 0, 20]), stops: dice.pick([0, 0, 2]), forMs: 3_000 };
}

function drawFaults(dice: Dice, leaseMs: number): Faults {
  const sometimes = (probability: number, value: number) => (dice.chance(probability) ? value : 0);
  return {
    delayMs: dice.pick([0, 5, 50, leaseMs / 4]),
    failBefore: sometimes(0.5, 0.05),
    failAfter: sometimes(0.5, 0.05),
    twice: sometimes(0.3, 0.05),
    loses: sometimes(0.2, 0.03),
    crashes: sometimes(0.5, dice.whole(1, 4)),
    freezes: sometimes(0.5, dice.whole(1, 4)),
    partitions: sometimes(0.5, dice.whole(1, 4)),
    cuts: sometimes(0.4, dice.whole(1, 3)),
    outages: sometimes(0.2, dice.whole(1, 2)),
    stops: sometimes(0.4, dice.whole(1, 3)),
    forMs: leaseMs * dice.whole(2, 8),
  };
}
