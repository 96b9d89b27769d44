import type { SQSClient, SQSClientConfig } from "@aws-sdk/client-sqs";
import { DispatchError } from "@org/dispatch-core";
import { checkKind, checkKnown, checkName, checkWhole } from "@org/dispatch-core/adapter-kit";
import { type AddressOptions, addressOf } from "./address.ts";
import { type Clients, givenClients, ownClients } from "./clients.ts";
import type { Naming } from "./names.ts";
import { MOST_BATCH_FRAMES, MOST_FRAME_BYTES, MOST_POLL_MS, STEP_MS } from "./profile.ts";

export interface SqsBackendOptions extends AddressOptions {
  /** What the names of queues begin with; default `dispatch`. No dots: SQS has none in its names. */
  readonly namespace?: string | undefined;
  /** A client to use as it is. Made with `maxAttempts: 1`, because core tries again, in one place. It is not closed with the backend. */
  readonly client?: SQSClient | undefined;
  /** A second client for long polls, which otherwise take the sockets of the first one; default: `client`. */
  readonly pollClient?: SQSClient | undefined;
  /** Whatever else the client takes: `requestHandler` with a proxy's agent, `useFipsEndpoint`, `logger` … */
  readonly connection?: SQSClientConfig | undefined;
  /** The user's queue that `queueUrl` stands for; default `default`. */
  readonly queue?: string | undefined;
  /** Are the lanes FIFO queues? Tasks of one `key` then come in the order in which they were sent. Default: whether `queueUrl` ends in `.fifo`. */
  readonly fifo?: boolean | undefined;
  /** How long one poll waits at the broker, from 1,000 to 20,000, in whole seconds; default 20,000. An idle worker costs one request a lane in that time. */
  readonly longPollingMs?: number | undefined;
  /** The most messages of one ReceiveMessage, 1 to 10; default 10. */
  readonly messagesPerCall?: number | undefined;
  /** The largest frame, at most and by default 1,048,576. `open` refuses a queue whose `MaximumMessageSize` is less (`MISMATCH`). */
  readonly frameBytes?: number | undefined;
  /** Attributes for queues that are created, such as `KmsMasterKeyId`; those of FIFO queues, such as `DeduplicationScope`, for lanes that are ones. */
  readonly queueAttributes?: Readonly<Record<string, string>> | undefined;
}

export interface Settings {
  readonly clients: Clients;
  readonly naming: Naming;
  readonly account: string | undefined;
  /** The URL that was given for the named queue's middle lane. */
  readonly queueUrl: string | undefined;
  readonly longPollingMs: number;
  readonly messagesPerCall: number;
  readonly frameBytes: number;
  readonly queueAttributes: Readonly<Record<string, string>>;
}

export const sqsDefaults = Object.freeze({
  namespace: "dispatch",
  queue: "default",
  longPollingMs: MOST_POLL_MS,
  messagesPerCall: MOST_BATCH_FRAMES,
  frameBytes: MOST_FRAME_BYTES,
});

const ADDRESS = ["url", "region", "endpoint", "credentials", "connection"] as const;
const KNOWN = [...Object.keys(sqsDefaults), ...ADDRESS, "client", "pollClient", "queueUrl", "queueAttributes", "fifo"];
/** MaximumMessageSize: 1,024 bytes at least. */
const LEAST_FRAME_BYTES = 1_024;

/** Throws `CONFIG_INVALID` for a wrong value, for two that contradict each other, and for a key that it does not know. */
export function resolveOptions(options: SqsBackendOptions): Settings {
  checkKnown("sqs", options, KNOWN);
  const { client, pollClient, queueUrl } = options;
  const given = client ?? pollClient;
  if (given !== undefined) {
    const second = ADDRESS.find((key) => options[key] !== undefined);
    if (second !== undefined) throw invalid(`${second}: the client says this already; keep one of the two`);
    if (client === undefined) throw invalid("pollClient: there is no client beside it");
  }
  const namespace = checkName("namespace", options.namespace ?? sqsDefaults.namespace);
  if (namespace.includes(".")) throw invalid(`namespace "${namespace}": SQS has no dots in names`);
  const of = checkName("queue", options.queue ?? sqsDefaults.queue);
  const { config, defaults, queueName, account, isFifo } = addressOf(options);
  const fifo = checkKind("fifo", options.fifo ?? isFifo, "boolean");
  if (queueName !== undefined && isFifo !== fifo)
    throw invalid(`fifo: the queue of queueUrl is ${isFifo ? "a FIFO" : "a standard"} queue`);
  const longPollingMs = options.longPollingMs ?? sqsDefaults.longPollingMs;
  const clients =
    client === undefined
      ? ownClients({ ...defaults, ...options.connection, ...config })
      : givenClients(client, pollClient);
  return {
    clients,
    naming: { namespace, named: queueName === undefined ? undefined : { of, name: queueName }, fifo },
    account,
    queueUrl,
    // Without a wait there would be a request after the other, and each costs money.
    longPollingMs: checkWhole("longPollingMs", longPollingMs, STEP_MS, MOST_POLL_MS),
    messagesPerCall: checkWhole(
      "messagesPerCall",
      options.messagesPerCall ?? sqsDefaults.messagesPerCall,
      1,
      MOST_BATCH_FRAMES,
    ),
    frameBytes: checkWhole(
      "frameBytes",
      options.frameBytes ?? sqsDefaults.frameBytes,
      LEAST_FRAME_BYTES,
      MOST_FRAME_BYTES,
    ),
    queueAttributes: options.queueAttributes ?? {},
  };
}

function invalid(message: string): DispatchError {
  return new DispatchError("CONFIG_INVALID", `sqs: ${message}`);
}
