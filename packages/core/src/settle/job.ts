import type { Calls } from "../call.ts";
import type { Clock, Counters, DeathNote, Frame, OutFrame, Profile, Queue, Receipt } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import type { Eventual } from "../eventual.ts";
import type { Until } from "../retrying.ts";
import type { Decision, Ending } from "./decision.ts";
import { isPlain, probeJson, replyJson, resultJson } from "./reply.ts";

/** A task in hand that is being settled, as far as the settler must know it. */
export interface Settling {
  readonly receipt: Receipt;
  readonly frame: Frame;
  readonly lost: number;
  readonly deadline: number;
  /** Is its frame settled with it? Else it is one of a pack, whose frame is settled when nothing is left of it. */
  readonly whole: boolean;
  /** How many tasks of its frame have no outcome yet, this one included. */
  readonly left: number;
}

/** What the settler needs of the other stages; the worker puts it together. */
export interface SettlerPort<H extends Settling> {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly profile: Profile;
  readonly worker: string;
  readonly dead: Queue;
  /** Where a copy goes that is due in `delayMs`. */
  work(frame: Frame, delayMs: number): Queue;
  reply(coordinator: string): Queue;
  /** The frame of a task as bytes of its own; one of a pack has none before. */
  alone(frame: Frame): Eventual<Frame>;
  copy(frame: Frame, counters: Counters, delayMs: number): OutFrame;
  deadLetter(frame: Frame, counters: Counters, death: DeathNote): OutFrame;
  /** Rejects where it goes into a blob store that does not answer. */
  replyFrame(json: string, until: Until): Eventual<OutFrame>;
  /** The most bytes of results in one reply frame. */
  readonly replyBytes: number;
  /** The lease's word: may it still be written? */
  mayWrite(task: H): boolean;
  /** The same for the ack of a pack, together with the last of its tasks. */
  mayAck(task: H): boolean;
  /**
   * The broker agreed, or refused. `delivered` false: the coordinator is gone. `acked`: the frame is settled with it. What is never answered is left to
   * the lease, which ends.
   */
  settled(task: H, decision: Decision, delivered: boolean, acked: boolean): void;
  refused(task: H): void;
}

/** One task on its way to be settled. A class, as all that most tasks have of their own: V8 makes literals that live for a while in the old heap. */
export class Job<H extends Settling> {
  readonly task: H;
  /** As it goes on, if it does. */
  readonly frame: Frame;
  readonly decision: Decision;
  /** Its result, where somebody waits for it; of a plain one only the value, since it becomes a triple of `PlainResults`. */
  readonly json: string | undefined;
  readonly plain: Ending | undefined;
  /** An upper bound of what the result has. */
  readonly bytes: number;
  /** Without `move`: what had to be sent is out, only the ack is due. */
  sent: { readonly delivered: boolean } | undefined = undefined;

  constructor(task: H, frame: Frame, decision: Decision) {
    const ending = decision.kind === "end" && task.frame.coordinator !== undefined ? decision.ending : undefined;
    this.task = task;
    this.frame = frame;
    this.decision = decision;
    this.plain = ending !== undefined && isPlain(task.frame, task.lost, ending) ? ending : undefined;
    this.json = this.plain === undefined ? ending && resultJson(task.frame, task.lost, ending) : this.plain.json;
    this.bytes = this.json === undefined ? 0 : mostBytes(this.json) + TRIPLE_BYTES;
  }
}

/** An index and a duration at their longest. */
const TRIPLE_BYTES = 32;

/** Short texts are not worth measuring: a character has at most three bytes. */
function mostBytes(json: string): number {
  return json.length < 256 ? json.length * 3 : Buffer.byteLength(json);
}

/** What a broker said to a job; `undefined`: nothing that helps. */
export type Answer = "ok" | "lost" | DispatchError | undefined;

/** Tells what a broker said to a job. `deadline`: that of the call. */
export type Conclude<H extends Settling> = (
  job: Job<H>,
  answer: Answer,
  how: { readonly delivered: boolean; readonly acked: boolean; readonly deadline: number },
) => void;

/** How jobs are written: in one step, or by sending first and acking second. */
export interface Writing<H extends Settling> {
  /** Acks with results, probes' answers and dead letters for one coordinator. */
  group(jobs: readonly Job<H>[], coordinator: string): Promise<void>;
  /** Copies, and dead letters for which nobody waits. */
  copies(jobs: readonly Job<H>[]): Promise<void>;
}

/** A call may take as long as the first of its leases lasts. */
export function until(jobs: readonly Job<Settling>[]): { readonly deadline: number } {
  return { deadline: jobs.reduce((first, { task }) => Math.min(first, task.deadline), Number.POSITIVE_INFINITY) };
}

export interface Letter {
  readonly queue: Queue;
  readonly frame: OutFrame;
}

/** The frame that goes on for a job: its copy, or its dead letter. */
export function letterOf<H extends Settling>({ task, frame, decision }: Job<H>, port: SettlerPort<H>): Letter {
  const { lost } = task;
  if (decision.kind === "copy") {
    return { queue: port.work(frame, decision.delayMs), frame: port.copy(frame, decision.counters, decision.delayMs) };
  }
  if (decision.kind === "end" && decision.death !== undefined) {
    const { round, attempt, copy } = frame;
    return { queue: port.dead, frame: port.deadLetter(frame, { round, attempt, copy, lost }, decision.death) };
  }
  throw new TypeError(`nothing goes on for ${decision.kind}`);
}

export function isDeath({ decision }: Job<Settling>): boolean {
  return decision.kind === "end" && decision.death !== undefined;
}

/** One frame with what a coordinator waits for. */
function replyOf<H extends Settling>(jobs: readonly Job<H>[], port: SettlerPort<H>): Eventual<OutFrame> {
  const results: string[] = [];
  const probes: string[] = [];
  const plain = new Map<string, (string | number)[]>();
  let run = "";
  let triples: (string | number)[] = [];
  for (const { task, json, plain: ending } of jobs) {
    if (json === undefined) probes.push(probeJson(task.frame));
    else if (ending === undefined) results.push(json);
    else {
      // Those of one run come in a row.
      if (task.frame.run !== run) {
        run = task.frame.run;
        triples = plain.get(run) ?? [];
        plain.set(run, triples);
      }
      // Its text is made with that of all the others: a fifth of a result in full, and as much less to read.
      triples.push(task.frame.first, Math.round(ending.durationMs * 1_000), json);
    }
  }
  return port.replyFrame(replyJson(port.worker, results, probes, plain), until(jobs));
}

/** What became of a reply frame that had to be made first. */
export async function replyOrError<H extends Settling>(
  jobs: readonly Job<H>[],
  port: SettlerPort<H>,
): Promise<OutFrame | DispatchError> {
  try {
    return await replyOf(jobs, port);
  } catch (error) {
    if (error instanceof DispatchError) return error;
    throw error;
  }
}

/** The first answer that is not `ok`, as far as the job is concerned. */
export function failureOf(
  answers: readonly (Answer | "duplicate" | "gone")[],
): { readonly answer: Answer } | undefined {
  for (const answer of answers) {
    if (answer === "ok" || answer === "duplicate") continue;
    return { answer: answer instanceof DispatchError ? answer : undefined };
  }
  return undefined;
}
