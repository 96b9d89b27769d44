import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import type { Clients } from "./clients.ts";
import { newPlace } from "./groups.ts";
import type { Holding } from "./holding.ts";
import { type Held, receivesOf } from "./receipt.ts";

export interface GivingBackPort {
  readonly url: string;
  readonly clients: Clients;
  readonly holding: Holding;
}

/** Long enough for two requests. */
const BOUND_MS = 5_000;

/**
 * Gives back what nobody was handed, ten at most. SQS would count that as a loss: so a task that was received for the first time is sent anew, as it was,
 * and what was received is deleted then. One that was received before keeps its count, which this adds to. What cannot be given back comes back by its lease.
 */
export async function giveBack({ url, clients, holding }: GivingBackPort, items: readonly Held[]): Promise<void> {
  const signal = AbortSignal.timeout(BOUND_MS);
  const fresh = items.filter(({ receipt, message }) => receipt.queue.role === "work" && receivesOf(message) === 1);
  const again = await sentAgain(url, clients, fresh, signal);
  const settlements = items.map((item) => {
    const { receipt } = item;
    return again.has(item) ? ({ kind: "ack", receipt } as const) : ({ kind: "release", receipt, delayMs: 0 } as const);
  });
  await holding.settle(settlements, signal);
}

/** What is in the queue once more. */
async function sentAgain(
  QueueUrl: string,
  clients: Clients,
  items: readonly Held[],
  signal: AbortSignal,
): Promise<ReadonlySet<Held>> {
  const Entries = items.map(({ message: { Body = "", Attributes } }, index) => ({
    Id: String(index),
    MessageBody: Body,
    ...(Attributes?.MessageGroupId !== undefined && newPlace(Attributes.MessageGroupId)),
  }));
  if (Entries.length === 0) return new Set();
  const command = new SendMessageBatchCommand({ QueueUrl, Entries });
  const { Successful = [] } = await clients.call(command, signal).catch(() => ({}) as { Successful?: [] });
  return new Set(Successful.flatMap(({ Id }) => items[Number(Id)] ?? []));
}
