/**
 * What one would write with the AWS client alone: batches of ten, several under way, and results that come back in batches of ten over a queue of their
 * own. No leases are kept, nothing is tried again, and nothing is checked.
 */
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
} from "@aws-sdk/client-sqs";
import { countedClient } from "./counted-client.ts";
import { numberOf, type OpenSystem, type Payload, payloadOf } from "./system.ts";

const BATCH = 10;
const WINDOW_TASKS = 10_000;
/** So many batches at a time, each way: more gained nothing. */
const LOOPS = 4;
const WAIT_S = 2;

export const subject: OpenSystem = async ({ url, name }) => {
  const [client, pollClient] = [countedClient(url), countedClient(url)];
  const create = async (QueueName: string) =>
    (await client.send(new CreateQueueCommand({ QueueName }))).QueueUrl as string;
  const [work, reply] = [await create(name), await create(`${name}-reply`)];
  const send = (QueueUrl: string, bodies: readonly string[]) => {
    const Entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
    return client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  };
  let isOver = false;
  let read: (value: number) => void = () => {};

  const loop = async (QueueUrl: string, handle: (messages: readonly Message[]) => Promise<unknown>) => {
    while (!isOver) {
      const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: BATCH, WaitTimeSeconds: WAIT_S });
      const { Messages = [] } = await pollClient.send(command);
      if (Messages.length === 0) continue;
      await handle(Messages);
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  };
  const running = async (messages: readonly Message[]) => {
    const values = await Promise.all(messages.map(({ Body = "" }) => numberOf(JSON.parse(Body) as Payload)));
    await send(reply, values.map(String));
  };
  const reading = async (messages: readonly Message[]) => {
    for (const { Body } of messages) read(Number(Body));
  };
  const loops = Array.from({ length: LOOPS }, () => [loop(work, running), loop(reply, reading)]).flat();

  return {
    async run(from, count, take) {
      let next = from;
      let outstanding = 0;
      let taken = 0;
      const { promise, resolve } = Promise.withResolvers<void>();
      let wake: (() => void)[] = [];
      read = (value) => {
        take(value);
        outstanding -= 1;
        taken += 1;
        for (const each of wake.splice(0)) each();
        if (taken === count) resolve();
      };
      const sending = async () => {
        while (next < from + count) {
          if (outstanding >= WINDOW_TASKS) {
            await new Promise<void>((some) => wake.push(some));
            continue;
          }
          const numbers = Array.from({ length: Math.min(BATCH, from + count - next) }, (_, index) => next + index);
          next += numbers.length;
          outstanding += numbers.length;
          await send(work, numbers.map((n) => JSON.stringify(payloadOf(n)))); // biome-ignore format: one call
        }
      };
      await Promise.all(Array.from({ length: LOOPS }, sending));
      await promise;
      wake = [];
    },
    async close() {
      isOver = true;
      await Promise.all(loops);
      client.destroy();
      pollClient.destroy();
    },
  };
};
