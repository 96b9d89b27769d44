import { type Profile, UNLIMITED } from "../contract/index.ts";
import { type Absent, NO_LANES, noLater } from "./absent.ts";
import { delayPlan } from "./delay.ts";
import { hasPriorities, laneBounds, lanesOf } from "./lanes.ts";
import { type DispatcherSettings, defaults, type WorkerSettings } from "./options.ts";
import { workerProblems } from "./plan.ts";
import { span } from "./span.ts";

/** One need, and how it is met on a backend. */
export interface PlanLine {
  readonly need: string;
  /** By the broker itself, by core, or not at all. */
  readonly how: "native" | "emulated" | "refused";
  /** In one sentence, with its numbers. */
  readonly text: string;
}

export interface PlanNeeds {
  readonly leaseMs?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly drainMs?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly maxLost?: number | undefined;
  /** Is there a blob store? */
  readonly blobs?: boolean | undefined;
  readonly compress?: string | undefined;
  readonly packs?: boolean | undefined;
  readonly targetPackMs?: number | undefined;
  readonly initialBatchSize?: number | undefined;
  readonly maxBatchSize?: number | undefined;
  /** May missing queues be made? Where not, it is said what they would be missed for. */
  readonly create?: boolean | undefined;
  /** What of the queue is not there, where somebody has looked: `absent` of a `QueueAdmin`. */
  readonly absent?: Absent | undefined;
}

/** The plan for a backend: what it does by itself, what core does instead and how, and what is refused, with the option to change. Pure. */
export function explain(profile: Profile, needs: PlanNeeds = {}): readonly PlanLine[] {
  const all = { ...defaults, ...Object.fromEntries(Object.entries(needs).filter(([, value]) => value !== undefined)) };
  const refused = workerProblems(profile, all).map((text) => ({ need: "options", how: "refused", text }) as const);
  return [
    ...refused,
    lease(profile, all.leaseMs),
    fencing(profile),
    settling(profile),
    priority(profile, all.concurrency, needs),
    delay(profile, needs),
    packs(profile, all),
    losses(profile, all.maxLost),
    duplicates(profile),
    size(profile, needs.blobs === true),
    results(profile),
    resend(profile),
    looking(profile),
    {
      need: "time",
      how: "native",
      text: "due times and deadlines are the sender's wall clock: skew between machines shifts them by as much",
    },
  ];
}

function lease({ lease }: Profile, leaseMs: number): PlanLine {
  const cap = lease.totalCapMs >= UNLIMITED ? "" : `, ${span(lease.totalCapMs)} in all`;
  if (lease.kind === "timed") {
    return {
      need: "lease",
      how: "native",
      text: `${span(leaseMs)}, renewed every third${cap}; a dead worker's task is back after that`,
    };
  }
  const text = `the session's: a dead process is noticed within ${span(lease.detectionMs)}; a task that is not renewed is given back after ${span(leaseMs)}${cap}`;
  return { need: "lease", how: "emulated", text };
}

function fencing({ fencing }: Profile): PlanLine {
  const texts = {
    strict: "the broker refuses whoever does not hold the lease any more",
    generation: "the broker refuses a generation that is over; within one, the adapter does",
    "best-effort":
      "the broker may let a late settlement through: the coordinator takes the first outcome, use context.fence for your own writes",
  } as const;
  return { need: "fencing", how: fencing === "strict" ? "native" : "emulated", text: texts[fencing] };
}

function settling({ verbs }: Profile): PlanLine {
  if (verbs.includes("move"))
    return { need: "settling", how: "native", text: "ack, result, retry and dead letter in one step" };
  const text = "send first, ack second: a crash in between may do both twice, a run still takes one outcome";
  return { need: "settling", how: "emulated", text };
}

function priority(profile: Profile, concurrency: number, needs: PlanNeeds): PlanLine {
  if (hasPriorities(profile)) {
    const { starvationGrants } = profile;
    const text =
      starvationGrants > 0
        ? `0 to 10; of ${starvationGrants} grants one goes to what has waited longest`
        : "0 to 10, and nothing bounds starvation: a flood of high priority can hold up the rest for ever";
    return { need: "priority", how: "native", text };
  }
  if (needs.absent?.lanes) return { need: "priority", how: "refused", text: `${NO_LANES}; ${MAKES}` };
  const lanes = lanesOf(profile);
  const bounds = laneBounds(lanes, concurrency);
  const names = lanes.map(({ name, least, most, weight }) => `${name} ${least}–${most} (${weight})`).join(", ");
  const text = `lanes ${names}; a worker of ${concurrency} slots holds at most ${bounds.overGrant} more, starts at most ${bounds.lateHigh} others before a late high task, ${bounds.starvation} before a low one`;
  return { need: "priority", how: "emulated", text: `${text}${orElse(needs, NO_LANES)}` };
}

/** Where nobody may make queues, and nobody has looked which there are. */
function orElse({ absent, create }: PlanNeeds, text: string): string {
  return create === false && absent === undefined ? `; without queues ${text}` : "";
}

function delay(profile: Profile, needs: PlanNeeds): PlanLine {
  const plan = delayPlan(profile, needs.absent);
  const { delayPrecisionMs } = profile.limits;
  if (plan.kind === "native")
    return { need: "delay", how: "native", text: `of any length, late by at most ${span(delayPrecisionMs)}` };
  if (plan.kind === "later") {
    const { nativeMs } = plan;
    const who = nativeMs === 0 ? "delayed tasks" : `native up to ${span(nativeMs)}; longer ones`;
    const without = nativeMs === 0 ? "" : orElse(needs, noLater(profile.sendDelayMs));
    const text = `${who} wait in a queue of their own, which every worker pumps${without}`;
    return { need: "delay", how: "emulated", text };
  }
  if (plan.kind === "capped") return { need: "delay", how: "native", text: `${noLater(plan.nativeMs)}; ${MAKES}` };
  const [least, most] = [plan.tiersMs[0] as number, plan.tiersMs[plan.tiersMs.length - 1] as number];
  const text = `${plan.tiersMs.length} tiers from ${span(least)} to ${span(most)}, which every worker pumps; late by at most ${span(least)} and a round trip`;
  return { need: "delay", how: "emulated", text };
}

const MAKES = "create makes the missing queues";

type PackNeeds = Pick<DispatcherSettings, "packs" | "targetPackMs" | "initialBatchSize" | "maxBatchSize"> &
  Pick<WorkerSettings, "maxLost">;

function packs({ dedupeLive, dedupeWindowMs }: Profile, needs: PackNeeds): PlanLine {
  const { targetPackMs, maxBatchSize } = needs;
  if (!needs.packs) return { need: "packs", how: "native", text: "off: every task has a frame of its own" };
  if (needs.maxLost === 0) {
    const text = "with maxLost 0 a worker takes each pack apart before anything of it runs: set packs to false";
    return { need: "packs", how: "refused", text };
  }
  const initial = Math.min(needs.initialBatchSize, maxBatchSize);
  const sizes = `${initial} tasks at first, then as many as make up ${span(targetPackMs)}, ${maxBatchSize.toLocaleString("en")} at most`;
  const alone = dedupeLive || dedupeWindowMs > 0 ? "; a task with an id travels alone, since a repeat is refused" : "";
  return { need: "packs", how: "emulated", text: `${sizes}${alone}` };
}

function losses({ redelivery, requeueKeepsPriority }: Profile, maxLost: number): PlanLine {
  const then = `dead after more than ${maxLost}, the last chance is taken alone`;
  if (redelivery === "losses" && requeueKeepsPriority) {
    return { need: "losses", how: "native", text: `the broker counts crashes and expired leases; ${then}` };
  }
  const why =
    redelivery === "losses" ? "a release would lose the priority" : "the broker counts releases too, or not at all";
  return { need: "losses", how: "emulated", text: `${why}: what is given back goes as a copy; ${then}` };
}

function duplicates({ dedupeLive, dedupeWindowMs }: Profile): PlanLine {
  if (!dedupeLive && dedupeWindowMs === 0) {
    return { need: "duplicates", how: "emulated", text: "a repeated id may run twice; in a run it has one outcome" };
  }
  const live = dedupeLive ? "while a task of it is in the queue" : "";
  const window = dedupeWindowMs > 0 ? `for ${span(dedupeWindowMs)}` : "";
  return { need: "duplicates", how: "native", text: `an id is taken ${[live, window].filter(Boolean).join(" and ")}` };
}

function size({ limits, wire }: Profile, blobs: boolean): PlanLine {
  const text = wire === "ascii" ? ", as text" : "";
  const most = `frames of ${limits.frameBytes.toLocaleString("en")} bytes${text}`;
  if (blobs)
    return {
      need: "large payloads",
      how: "emulated",
      text: `${most}; above that a claim check travels, up to 16 MiB of JSON`,
    };
  return {
    need: "large payloads",
    how: "refused",
    text: `${most}; above that TOO_LARGE: set blobs to a store for a claim check`,
  };
}

function results({ replyRetentionMs, knowsGone }: Profile): PlanLine {
  const kept =
    replyRetentionMs >= UNLIMITED
      ? "kept until they are read"
      : `kept for ${span(replyRetentionMs)}, and no run may last longer`;
  const gone = knowsGone
    ? "a worker learns when a coordinator is gone"
    : "a worker does not learn that a coordinator is gone";
  return { need: "results", how: "native", text: `a reply queue for each coordinator, ${kept}; ${gone}` };
}

function resend({ order, sharing, verbs }: Profile): PlanLine {
  if (order === "fifo" && sharing === "message") {
    return {
      need: "resend",
      how: "emulated",
      text: "a task is lost when what was sent after it has come back, and nothing speaks for it",
    };
  }
  if (verbs.includes("depth")) {
    return {
      need: "resend",
      how: "emulated",
      text: "as later tasks may overtake, the queue must also be empty before a task counts as lost",
    };
  }
  return {
    need: "resend",
    how: "refused",
    text: "later tasks may overtake and the broker has no depth: a task that the broker loses is not sent again",
  };
}

function looking({ verbs }: Profile): PlanLine {
  const missing = (["depth", "browse", "purge"] as const).filter((verb) => !verbs.includes(verb));
  if (missing.length === 0) return { need: "looking", how: "native", text: "status, dead letters and purge" };
  return { need: "looking", how: "refused", text: `the backend has no ${missing.join(", no ")}` };
}
