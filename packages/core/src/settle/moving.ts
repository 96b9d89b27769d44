import { DispatchError } from "../errors.ts";
import {
  type Answer,
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
  conclude: (job: Job<H>, answer: Answer, delivered: boolean, deadline: number) => void,
  apart: Writing<H>,
): Writing<H> {
  return {
    /** One step for the whole group. If a lease is lost, or the coordinator gone, once more without it. */
    async group(jobs, coordinator) {
      let left = jobs;
      let delivered = true;
      while (left.length > 0) {
        const sends = left.filter(isDeath).map((job) => letterOf(job, port));
        const reply = delivered ? await replyOrError(left, port) : undefined;
        if (reply instanceof DispatchError) {
          for (const job of left) conclude(job, reply, true, port.clock.now());
          return;
        }
        if (reply !== undefined) sends.push({ queue: port.reply(coordinator), frame: reply });
        const receipts = left.map(({ hold }) => ({ receipt: hold.receipt, ack: true }));
        const { deadline } = until(left);
        const [answer] = await port.calls.move([{ receipts, sends }], { deadline });
        if (typeof answer === "object" && "gone" in answer && delivered) {
          delivered = false;
          continue;
        }
        if (typeof answer === "object" && "lost" in answer) {
          const lost = new Set(answer.lost);
          const remaining = left.filter(({ hold }) => !lost.has(hold.receipt));
          if (remaining.length < left.length) {
            for (const { hold } of left) if (lost.has(hold.receipt)) port.refused(hold);
            left = remaining;
            continue;
          }
        }
        const said = answer === "ok" || answer instanceof DispatchError ? answer : undefined;
        for (const job of left) conclude(job, said, delivered, deadline);
        return;
      }
    },

    /** Each a move of its own, many moves a call. A move stays in its family: what leaves it (for a tier) is sent, then acked. */
    async copies(all) {
      const letters = new Map(all.map((job) => [job, letterOf(job, port)]));
      const leaving = all.filter((job) => letters.get(job)?.queue.of !== job.hold.receipt.queue.of);
      const jobs = all.filter((job) => !leaving.includes(job));
      const left = leaving.length > 0 ? apart.copies(leaving) : undefined;
      if (jobs.length === 0) return left;
      const moves = jobs.map((job) => ({
        receipts: [{ receipt: job.hold.receipt, ack: true }],
        sends: [letters.get(job) as Letter],
      }));
      const { deadline } = until(jobs);
      const answers = await port.calls.move(moves, { deadline });
      jobs.forEach((job, index) => {
        const answer = answers[index];
        if (typeof answer === "object" && "lost" in answer) port.refused(job.hold);
        else conclude(job, answer === "ok" || answer instanceof DispatchError ? answer : undefined, true, deadline);
      });
      await left;
    },
  };
}
