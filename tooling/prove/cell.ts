/** Runs one cell: a fault on a backend, while two runs share the tasks, one with packs and one without. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Summary } from "../../packages/core/dist/contract.js";
import { Dispatcher, type Run } from "../../packages/core/dist/index.js";
import { isSessioned, seededRandom, shortLeaseMs } from "../../packages/testkit/dist/index.js";
import { type Counters, misbookedOf, secondsOf } from "./counters.ts";
import { type CellSubject, Crew } from "./crew.ts";
import type { CellPlan } from "./faults.ts";
import { Gate } from "./gate.ts";
import { judge, type Verdict } from "./goals.ts";
import type { Payload } from "./handler.ts";
import { Striker } from "./striker.ts";
import type { Done } from "./tally.ts";
import { Watch } from "./watch.ts";

export interface CellOptions {
  readonly subject: CellSubject;
  readonly plan: CellPlan;
  readonly seed: string;
  /** Default: as short as the backend can have it. */
  readonly leaseMs?: number;
  /** Ends the cell early: it has failed then. */
  readonly signal: AbortSignal;
  /** How far it is, now and then. */
  readonly say: (line: string) => void;
}

export interface CellEnd {
  readonly counters: Counters;
  readonly verdicts: readonly Verdict[];
  readonly leaseMs: number;
  /** The first results that were not as they should be. */
  readonly oddities: readonly string[];
  /** What broke the cell itself. */
  readonly failure?: string;
}

const WORKERS = 4;
const SAY_MS = 10_000;
/** So long nothing comes, and the run counts as stuck: core would have given up what vanished long before. */
const STUCK_MS = 120_000;
/** What workers have said last, and what comes twice, has arrived by then. */
const LINGER_MS = 300;

export async function runCell(options: CellOptions): Promise<CellEnd> {
  const { subject, plan, seed, signal } = options;
  const { fault, tasks } = plan;
  const random = seededRandom(`${seed} ${fault}`);
  const namespace = `prove-${fault}-${randomBytes(3).toString("hex")}`;
  const backend = subject.options.backend(namespace);
  const { profile } = backend;
  const leaseMs = options.leaseMs ?? shortLeaseMs(profile);
  const watch = new Watch(tasks);
  const gate = new Gate(tasks, plan.strikes);
  const stop = new AbortController();
  const ending = AbortSignal.any([signal, stop.signal]);
  const crew = new Crew({ subject, backend, plan, namespace, leaseMs, watch, random });
  const striker = new Striker({ crew, watch, gate, plan, leaseMs, restart: subject.options.restart, signal: ending });
  const own = isSessioned(backend) ? backend.session() : backend;
  let dispatcher: Dispatcher | undefined;
  let runs: Run<Done>[] = [];
  let failure: string | undefined;
  const begun = performance.now();
  const timer = setInterval(() => {
    options.say(`${watch.tally.ended} of ${tasks} tasks, ${striker.strikes} of ${plan.strikes} strikes`);
    if (performance.now() - Math.max(watch.lastAtMs, striker.lastAtMs) > STUCK_MS) {
      failure = `nothing came for ${STUCK_MS / 1_000} s`;
      stop.abort();
    }
  }, SAY_MS);
  try {
    dispatcher = await Dispatcher.open(own, { leaseMs, random, observer: (event) => watch.coordinator(event) });
    await crew.hire(WORKERS);
    runs = [true, false].map((packs, first) => {
      const inputs = payloads(gate.numbers(first, 2, ending), plan.mostTakesMs, random);
      const run = (dispatcher as Dispatcher).run<Payload, Done>("default", inputs, { packs, signal: ending });
      watch.share(run.id, { first, of: 2 });
      return run;
    });
    const striking = striker.strikeAll(() => runs.some(({ progress }) => progress.outstanding > 0));
    striking.catch(() => stop.abort());
    await Promise.all([striking, ...runs.map((run) => read(run, watch))]);
    await sleep(LINGER_MS);
  } catch (error) {
    failure ??= signal.aborted ? "interrupted" : error instanceof Error ? error.message : String(error);
  }
  clearInterval(timer);
  gate.close();
  stop.abort();
  const runMs = performance.now() - begun;
  await crew.end();
  await Promise.race([dispatcher?.close(), sleep(LINGER_MS * 10)]).catch(() => {});
  const backends = own === backend ? [backend] : [own, backend];
  await Promise.race([Promise.allSettled(backends.map((one) => one.close())), sleep(LINGER_MS * 10)]);
  const counters = countersOf({ plan, watch, striker, runMs, summaries: runs.map(({ summary }) => summary) });
  const verdicts = judge(counters, { plan, leaseMs, profile });
  return { counters, verdicts, leaseMs, oddities: watch.tally.oddities, ...(failure !== undefined && { failure }) };
}

async function* payloads(numbers: AsyncIterable<number>, mostTakesMs: number, random: () => number) {
  for await (const n of numbers) yield { n, takesMs: Math.floor(random() * (mostTakesMs + 1)) };
}

async function read(run: Run<Done>, watch: Watch): Promise<void> {
  for await (const result of run) watch.result(run.id, result);
}

interface Ended {
  readonly plan: CellPlan;
  readonly watch: Watch;
  readonly striker: Striker;
  readonly runMs: number;
  readonly summaries: readonly Summary[];
}

function countersOf({ plan, watch, striker, runMs, summaries }: Ended): Counters {
  const { tally, hands } = watch;
  const counted = tally.counters;
  const sum = (of: "total" | "fenced" | "duplicates" | "lost" | "retried" | "resent") =>
    summaries.reduce((all, summary) => all + summary[of], 0);
  const recoveries = plan.fault === "kill" || plan.fault === "zombie" ? hands.redelivered : striker.resumed;
  return {
    attempted: sum("total"),
    ...counted,
    duplicateExecutions: hands.duplicateExecutions,
    fenced: sum("fenced"),
    duplicates: sum("duplicates"),
    losses: sum("lost"),
    retried: sum("retried"),
    resent: sum("resent"),
    misbooked: misbookedOf(summaries, plan.tasks, counted),
    strikes: striker.strikes,
    strikesAtWork: striker.strikesAtWork,
    zombieRounds: striker.zombieRounds,
    recoverySeconds: secondsOf(recoveries),
    noticedSeconds: secondsOf(striker.noticed),
    runSeconds: Math.round(runMs / 100) / 10,
    tasksPerSecond: Math.round(tally.ended / (runMs / 1_000)),
  };
}
