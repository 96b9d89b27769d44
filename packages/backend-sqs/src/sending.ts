import { SendMessageBatchCommand, type SendMessageBatchRequestEntry } from "@aws-sdk/client-sqs";
import type { OutFrame, Queue, SendOutcome } from "@org/dispatch-core/contract";
import type { Clients } from "./clients.ts";
import type { Directory } from "./directory.ts";
import type { Groups } from "./groups.ts";
import { MOST_SEND_DELAY_MS, secondsOf } from "./profile.ts";
import { isMissing, SqsRefusal } from "./sqs-error.ts";

/** What a body may hold of ASCII: #x9, #xA, #xD, #x20 and above, and at least one (SendMessage, "MessageBody"). */
const TEXT = /^[\t\n\r -~]+$/;

export interface SendingPort {
  readonly clients: Clients;
  readonly directory: Directory;
  readonly frameBytes: number;
  /** Of a FIFO queue. */
  readonly groups: Groups | undefined;
}

/** One request: what cannot be sent is left out of it, and is an outcome of its own. */
export async function sendFrames(
  { clients, directory, frameBytes, groups }: SendingPort,
  queue: Queue,
  frames: readonly OutFrame[],
  signal: AbortSignal,
): Promise<readonly SendOutcome[]> {
  const outcomes: SendOutcome[] = new Array(frames.length);
  const Entries: SendMessageBatchRequestEntry[] = [];
  frames.forEach((frame, index) => {
    const made = entryOf(frame, index, frameBytes);
    if (made instanceof SqsRefusal) outcomes[index] = { failed: made };
    else Entries.push(groups === undefined ? made : { ...made, ...groups.of(frame) });
  });
  if (Entries.length === 0) return outcomes;
  try {
    const QueueUrl = await directory.url(queue, signal);
    const { Successful = [], Failed = [] } = await clients.call(
      new SendMessageBatchCommand({ QueueUrl, Entries }),
      signal,
    );
    for (const { Id } of Successful) outcomes[Number(Id)] = "ok";
    for (const failed of Failed) outcomes[Number(failed.Id)] = isMissing(failed) ? "gone" : { failed };
  } catch (error) {
    if (!isMissing(error)) throw error;
    directory.forget(queue);
    for (const { Id } of Entries) outcomes[Number(Id)] = "gone";
  }
  return Array.from(
    outcomes,
    (outcome) => outcome ?? { failed: new Error("the server has not answered for an entry") },
  );
}

function entryOf(frame: OutFrame, index: number, frameBytes: number): SendMessageBatchRequestEntry | SqsRefusal {
  const { bytes, delayMs } = frame;
  if (bytes.length > frameBytes)
    return new SqsRefusal("TOO_LARGE", `a frame of ${bytes.length} bytes is above the limit of ${frameBytes}`);
  if (delayMs > MOST_SEND_DELAY_MS)
    return new SqsRefusal("MISMATCH", `a send is delayed by ${MOST_SEND_DELAY_MS} ms at most, not ${delayMs}`);
  const MessageBody = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  if (!TEXT.test(MessageBody)) return new SqsRefusal("MISMATCH", "a frame must be printable ASCII text, and not empty");
  return { Id: String(index), MessageBody, ...(delayMs > 0 && { DelaySeconds: secondsOf(delayMs) }) };
}
