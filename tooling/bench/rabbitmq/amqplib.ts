/**
 * What one would write with amqplib alone: confirmed messages in a window, a consumer with a prefetch, a confirmed result for each task, then its ack. No
 * leases are kept, nothing is tried again, and nothing is checked.
 */
import { type ConfirmChannel, connect } from "amqplib";
import { numberOf, type OpenSystem, type Payload, payloadOf } from "./system.ts";

const WINDOW_TASKS = 10_000;
/** So many that are not confirmed; more gained nothing. */
const WINDOW_CONFIRMS = 2_000;
const PREFETCH = 1_000;
const quorum = { durable: true, arguments: { "x-queue-type": "quorum" } };

export const subject: OpenSystem = async ({ url, name }) => {
  const options = { noDelay: true };
  const [sender, worker, reader] = [
    await connect(url, options),
    await connect(url, options),
    await connect(url, options),
  ];
  const [sends, results] = [await sender.createConfirmChannel(), await worker.createConfirmChannel()];
  const [work, reply] = [await worker.createChannel(), await reader.createChannel()];
  for (const queue of [name, `${name}.reply`, `${name}.unread`]) await work.assertQueue(queue, quorum);
  await work.prefetch(PREFETCH);
  await reply.prefetch(PREFETCH);
  let read: (value: number) => void = () => {};
  const publish = (channel: ConfirmChannel, queue: string, text: string) =>
    new Promise<void>((resolve, reject) => {
      channel.sendToQueue(queue, Buffer.from(text), { persistent: true, mandatory: true }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  await work.consume(name, async (message) => {
    if (message === null) throw new Error("the consumer was ended");
    const value = await numberOf(JSON.parse(message.content.toString()) as Payload);
    await publish(results, `${name}.reply`, String(value));
    work.ack(message);
  });
  await reply.consume(`${name}.reply`, (message) => {
    if (message === null) throw new Error("the consumer was ended");
    read(Number(message.content.toString()));
    reply.ack(message);
  });
  const sendAll = async (queue: string, from: number, count: number, room: () => Promise<void> | undefined) => {
    let open = 0;
    let wake = () => {};
    for (let n = from; n < from + count; n += 1) {
      await room();
      while (open >= WINDOW_CONFIRMS) await new Promise<void>((resolve) => (wake = resolve));
      open += 1;
      void publish(sends, queue, JSON.stringify(payloadOf(n))).then(() => {
        open -= 1;
        wake();
      });
    }
    while (open > 0) await new Promise<void>((resolve) => (wake = resolve));
  };
  return {
    async run(from, count, take) {
      let taken = 0;
      let sent = 0;
      let wake = () => {};
      const { promise, resolve } = Promise.withResolvers<void>();
      read = (value) => {
        take(value);
        taken += 1;
        wake();
        if (taken === count) resolve();
      };
      await sendAll(name, from, count, () => {
        sent += 1;
        return sent - taken > WINDOW_TASKS ? new Promise<void>((some) => (wake = some)) : undefined;
      });
      await promise;
    },
    fill: (count) => sendAll(`${name}.unread`, 0, count, () => undefined),
    async close() {
      // A result is read before its sender knows that it was taken.
      await Promise.all([sends.waitForConfirms(), results.waitForConfirms()]);
      await Promise.all([sender.close(), worker.close(), reader.close()]);
    },
  };
};
