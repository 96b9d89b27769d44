import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import type { LeaseEnds } from "@org/dispatch-core/adapter-kit";
import type { Clients } from "./clients.ts";
import { newPlace } from "./groups.ts";
import { type Holding, LATE_MS } from "./holding.ts";
import { type Held, receivesOf, type SqsReceipt } from "./receipt.ts";

export interface GivingBackPort {
  readonly url: string;
  readonly clients: Clients;
  readonly holding: Holding;
  readonly ends: LeaseEnds<SqsReceipt>;
}

/** Long enough for two requests. */
const BOUND_MS = 5_000;

/**
 * Gives back what nobody was handed, ten at most. SQS would count that as a loss: so a task that was received for the first time is sent anew, as it was,
 * and what was received is deleted then. One that was received before keeps its count, which this adds to. What cannot be given back comes back by its lease,
 * and what lay here for so long that it may have done so is let be: its copy would be a second task.
 */
export async function giveBack({ url, clients, holding, ends }: GivingBackPort, items: readonly Held[]): Promise<void> {
  const signal = AbortSignal.timeout(BOUND_MS);
  const held = items.filter(({ receipt }) => !ends.isOver(receipt, LATE_MS));
  const fresh = held.filter(({ receipt, message }) => receipt.queue.role === "work" && receivesOf(message) === 1);
  const again = await sentAgain(url, clients, fresh, signal);
  const settlements = held.map((item) => {
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
