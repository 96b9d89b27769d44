import { type OutFrame, type Queue, queueKey } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import {
  type Answer,
  failureOf,
  isDeath,
  type Job,
  letterOf,
  replyOrError,
  type SettlerPort,
  type Settling,
  until,
  type Writing,
} from "./job.ts";

/** Writing where the broker has no `move`: send first, ack second, and expect either to happen twice. */
export function sending<H extends Settling>(
  port: SettlerPort<H>,
  conclude: (job: Job<H>, answer: Answer, delivered: boolean, deadline: number) => void,
  ack: (jobs: readonly Job<H>[]) => Promise<void>,
  remember: (name: string) => void,
): Writing<H> {
  const send = (queue: Queue, frames: readonly OutFrame[], jobs: readonly Job<H>[]) =>
    port.calls.send(queue, frames, until(jobs));

  return {
    /** The dead letters, then the results, then the acks. */
    async group(jobs, coordinator) {
      const { deadline } = until(jobs);
      const letters = jobs.filter(isDeath).map((job) => letterOf(job, port).frame);
      const failure = letters.length > 0 ? failureOf(await send(port.dead, letters, jobs)) : undefined;
      const reply = failure === undefined ? await replyOrError(jobs, port) : undefined;
      if (reply instanceof DispatchError) {
        for (const job of jobs) conclude(job, reply, true, port.clock.now());
        return;
      }
      const answer = reply === undefined ? failure?.answer : (await send(port.reply(coordinator), [reply], jobs))[0];
      if (failure !== undefined || answer instanceof DispatchError) {
        for (const job of jobs) conclude(job, answer instanceof DispatchError ? answer : undefined, true, deadline);
        return;
      }
      for (const job of jobs) {
        job.sent = { delivered: answer !== "gone" };
        remember(job.hold.frame.name);
      }
      await ack(jobs);
    },

    async copies(jobs) {
      const byQueue = Map.groupBy(
        jobs.map((job) => ({ job, letter: letterOf(job, port) })),
        ({ letter }) => queueKey(letter.queue),
      );
      await Promise.all(
        [...byQueue.values()].map(async (group) => {
          const { queue } = (group[0] as (typeof group)[number]).letter;
          const members = group.map(({ job }) => job);
          const { deadline } = until(members);
          const answers = await send(queue, group.map(({ letter }) => letter.frame), members); // biome-ignore format: one call
          const out: Job<H>[] = [];
          members.forEach((job, index) => {
            const failure = failureOf([answers[index]]);
            if (failure !== undefined) {
              conclude(job, failure.answer, true, deadline);
              return;
            }
            job.sent = { delivered: true };
            remember(job.hold.frame.name);
            out.push(job);
          });
          if (out.length > 0) await ack(out);
        }),
      );
    },
  };
}
