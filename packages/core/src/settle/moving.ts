import type { Frame, Receipt } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import {
  type Conclude,
  isDeath,
  type Job,
  type Letter,
  letterOf,
  replyOrError,
  type SettlerPort,
  type Settling,
  until,
  type Writing,
} from "./job.ts";

/** Writing where the broker has `move`: ack here and send there, in one step. */
export function moving<H extends Settling>(
  port: SettlerPort<H>,
  conclude: Conclude<H>,
  apart: Writing<H>,
  remember: (frame: Frame) => void,
): Writing<H> {
  /** Each frame once. It is acked with the last of its tasks; before that, it is only proven that it is still held. */
  const receiptsOf = (jobs: readonly Job<H>[]): Receipts<H> => {
    const list: Share<H>[] = [];
    const packs = new Map<Receipt, Share<H>>();
    for (const { task } of jobs) {
      const pack = task.whole ? undefined : packs.get(task.receipt);
      if (pack !== undefined) {
        pack.add();
        continue;
      }
      const share = new Share(task);
      list.push(share);
      if (!task.whole) packs.set(task.receipt, share);
    }
    for (const pack of packs.values()) pack.close(port);
    return { list, packs };
  };
  /** A frame that is not acked may come again with tasks that have gone on. */
  const concludeAll = (jobs: readonly Job<H>[], { packs }: Receipts<H>, delivered: boolean, deadline: number) => {
    const all = { delivered, acked: true, deadline };
    const part = { delivered, acked: false, deadline };
    for (const job of jobs) {
      const { task } = job;
      const acked = task.whole || packs.get(task.receipt)?.ack === true;
      if (!acked) remember(task.frame);
      conclude(job, "ok", acked ? all : part);
    }
  };

  return {
    /** One step for the whole group. If a lease is lost, or the coordinator gone, once more without it. */
    async group(jobs, coordinator) {
      let left = jobs;
      let delivered = true;
      while (left.length > 0) {
        const sends = left.filter(isDeath).map((job) => letterOf(job, port));
        const reply = delivered ? await replyOrError(left, port) : undefined;
        if (reply instanceof DispatchError) {
          for (const job of left) conclude(job, reply, { delivered: true, acked: false, deadline: port.clock.now() });
          return;
        }
        if (reply !== undefined) sends.push({ queue: port.reply(coordinator), frame: reply });
        const acks = receiptsOf(left);
        const { deadline } = until(left);
        const [answer] = await port.calls.move([{ receipts: acks.list, sends }], { deadline });
        if (typeof answer === "object" && "gone" in answer && delivered) {
          delivered = false;
          continue;
        }
        if (typeof answer === "object" && "lost" in answer) {
          const lost = new Set(answer.lost);
          const remaining = left.filter(({ task }) => !lost.has(task.receipt));
          if (remaining.length < left.length) {
            for (const { task } of left) if (lost.has(task.receipt)) port.refused(task);
            left = remaining;
            continue;
          }
        }
        if (answer === "ok") concludeAll(left, acks, delivered, deadline);
        else {
          const said = answer instanceof DispatchError ? answer : undefined;
          for (const job of left) conclude(job, said, { delivered, acked: false, deadline });
        }
        return;
      }
    },

    /** A move for the copies of each frame, many moves a call. A move stays in its family: what leaves it (for a tier) is sent, then acked. */
    async copies(all) {
      const letters = new Map(all.map((job) => [job, letterOf(job, port)]));
      const leaving = all.filter((job) => letters.get(job)?.queue.of !== job.task.receipt.queue.of);
      const jobs = leaving.length === 0 ? all : all.filter((job) => !leaving.includes(job));
      const left = leaving.length > 0 ? apart.copies(leaving) : undefined;
      if (jobs.length === 0) return left;
      const parts = [...Map.groupBy(jobs, ({ task }) => task.receipt).values()].flatMap((same) => cut(same, port));
      const groups = parts.map((members) => ({ members, acks: receiptsOf(members) }));
      const moves = groups.map(({ members, acks }) => ({
        receipts: acks.list,
        sends: members.map((job) => letters.get(job) as Letter),
      }));
      const { deadline } = until(jobs);
      const answers = await port.calls.move(moves, { deadline });
      groups.forEach(({ members, acks }, index) => {
        const answer = answers[index];
        if (answer === "ok") concludeAll(members, acks, true, deadline);
        else if (typeof answer === "object" && "lost" in answer) for (const { task } of members) port.refused(task);
        else {
          const said = answer instanceof DispatchError ? answer : undefined;
          for (const job of members) conclude(job, said, { delivered: true, acked: false, deadline });
        }
      });
      await left;
    },
  };
}

/** What a move says of a frame. A class, as `Job`. */
class Share<H extends Settling> {
  readonly receipt: Receipt;
  ack: boolean;
  readonly #task: H;
  #tasks = 1;

  /** Of one of its tasks. */
  constructor(task: H) {
    this.receipt = task.receipt;
    this.ack = task.whole;
    this.#task = task;
  }

  /** Another one. */
  add(): void {
    this.#tasks += 1;
  }

  /** These are all. */
  close({ mayAck }: SettlerPort<H>): void {
    this.ack = this.#tasks === this.#task.left && mayAck(this.#task);
  }
}

interface Receipts<H extends Settling> {
  readonly list: readonly Share<H>[];
  readonly packs: ReadonlyMap<Receipt, Share<H>>;
}

/** As many frames as the broker takes in one call. */
function cut<H extends Settling>(jobs: readonly Job<H>[], { profile }: SettlerPort<H>): (readonly Job<H>[])[] {
  const most = profile.limits.batchFrames;
  if (jobs.length <= most) return [jobs];
  const parts: (readonly Job<H>[])[] = [];
  for (let from = 0; from < jobs.length; from += most) parts.push(jobs.slice(from, from + most));
  return parts;
}
