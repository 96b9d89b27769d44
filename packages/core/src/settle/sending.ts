import { type Frame, type OutFrame, type Queue, queueKey } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import {
  type Conclude,
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
  conclude: Conclude<H>,
  ack: (jobs: readonly Job<H>[]) => Promise<void>,
  remember: (frame: Frame) => void,
): Writing<H> {
  const send = (queue: Queue, frames: readonly OutFrame[], jobs: readonly Job<H>[]) =>
    port.calls.send(queue, frames, until(jobs));
  /** What had to be sent is out: now the acks. A pack is acked when nothing is left of it. */
  const sent = async (jobs: readonly Job<H>[], delivered: boolean, deadline: number) => {
    const acks: Job<H>[] = [];
    for (const job of jobs) {
      remember(job.task.frame);
      if (job.task.whole) {
        job.sent = { delivered };
        acks.push(job);
      } else conclude(job, "ok", { delivered, acked: false, deadline });
    }
    if (acks.length > 0) await ack(acks);
  };

  return {
    /** The dead letters, then the results, then the acks. */
    async group(jobs, coordinator) {
      const { deadline } = until(jobs);
      const letters = jobs.filter(isDeath).map((job) => letterOf(job, port).frame);
      const failure = letters.length > 0 ? failureOf(await send(port.dead, letters, jobs)) : undefined;
      const reply = failure === undefined ? await replyOrError(jobs, port) : undefined;
      if (reply instanceof DispatchError) {
        for (const job of jobs) conclude(job, reply, { delivered: true, acked: false, deadline: port.clock.now() });
        return;
      }
      const answer = reply === undefined ? failure?.answer : (await send(port.reply(coordinator), [reply], jobs))[0];
      if (failure !== undefined || answer instanceof DispatchError) {
        const said = answer instanceof DispatchError ? answer : undefined;
        for (const job of jobs) conclude(job, said, { delivered: true, acked: false, deadline });
        return;
      }
      await sent(jobs, answer !== "gone", deadline);
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
              conclude(job, failure.answer, { delivered: true, acked: false, deadline });
              return;
            }
            out.push(job);
          });
          await sent(out, true, deadline);
        }),
      );
    },
  };
}
