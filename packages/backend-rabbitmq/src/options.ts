import { DispatchError } from "@org/dispatch-core";
import { checkKnown, checkName, checkWhole } from "@org/dispatch-core/adapter-kit";
import type { ChannelModel, SocketOptions } from "amqplib";
import { type AddressOptions, addressOf } from "./address.ts";
import { connector, type Dial } from "./dial.ts";
import { Ladder } from "./ladder.ts";
import type { Naming } from "./names.ts";
import { CONSUMER_TIMEOUT_MS, FRAME_BYTES, MOST_FRAME_BYTES, type PriorityStrategy } from "./profile.ts";

export interface RabbitBackendOptions extends AddressOptions {
  /** What the names of queues begin with; default `dispatch`. */
  readonly namespace?: string | undefined;
  /** Makes a connection of amqplib, each call another one, with the heartbeat that it is told. The backend closes what it was given. */
  readonly connect?: ((options: { readonly heartbeatS: number }) => Promise<ChannelModel>) | undefined;
  /** Whatever else amqplib's `connect` takes as its second argument: `clientProperties`, `keepAlive`, `timeout` … */
  readonly connection?: SocketOptions | undefined;
  /** The name of a work queue's middle lane; the names of its other queues begin with it. */
  readonly queueName?: string | undefined;
  /** The user's queue that `queueName` stands for; default `default`. */
  readonly queue?: string | undefined;
  /**
   * Who keeps priorities: `lanes` (core, by three quorum queues; default), `native` (one quorum queue of RabbitMQ 4.3 or later), `classic` (one classic queue
   * with `x-max-priority`). Of the latter two nothing bounds starvation. Queues that were made for one are not taken for another.
   */
  readonly priority?: PriorityStrategy | undefined;
  /** Do queues and messages outlive a restart of the broker? Default `true`. `false` needs `allowTransient: true`. */
  readonly durable?: boolean | undefined;
  readonly allowTransient?: boolean | undefined;
  /** The most messages of a queue that one process holds, 1 to 65,535; default 65,535. */
  readonly prefetchCount?: number | undefined;
  /** How often each side of a connection gives a sign of life, in whole seconds; at most and by default 10,000. Less where the lease of the first `open` is short. */
  readonly heartbeatMs?: number | undefined;
  /** How long a message may be held, at most; default 1,800,000, as of the server. Another value is an argument of the queues, from RabbitMQ 3.12 on. */
  readonly consumerTimeoutMs?: number | undefined;
  /** On an older server: its own `consumer_timeout` was raised to `consumerTimeoutMs`. */
  readonly trustConsumerTimeout?: boolean | undefined;
  /** The largest frame; default 1,048,576, at most 16,777,216. */
  readonly frameBytes?: number | undefined;
  /** What the names of the exchanges and queues for delays begin with; default `dispatch.delay`. One ladder serves a whole virtual host. */
  readonly ladder?: string | undefined;
}

export interface Settings {
  readonly dial: Dial;
  readonly naming: Naming;
  readonly ladder: Ladder;
  readonly priority: PriorityStrategy;
  readonly durable: boolean;
  readonly prefetchCount: number;
  readonly heartbeatMs: number;
  readonly consumerTimeoutMs: number;
  readonly trustConsumerTimeout: boolean;
  readonly frameBytes: number;
}

export const rabbitDefaults = Object.freeze({
  namespace: "dispatch",
  queue: "default",
  priority: "lanes" as PriorityStrategy,
  durable: true,
  allowTransient: false,
  prefetchCount: 65_535,
  heartbeatMs: 10_000,
  consumerTimeoutMs: CONSUMER_TIMEOUT_MS,
  trustConsumerTimeout: false,
  frameBytes: FRAME_BYTES,
  ladder: "dispatch.delay",
});

const ADDRESS = ["url", "host", "port", "username", "password", "virtualHost", "tls", "auth", "connection"] as const;
const KNOWN = [...Object.keys(rabbitDefaults), ...ADDRESS, "connect", "queueName"];
const MOST_TIMEOUT_MS = 2 ** 31;
const LADDER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Throws `CONFIG_INVALID` for a wrong value, for two that contradict each other, and for a key that it does not know. */
export function resolveOptions(options: RabbitBackendOptions): Settings {
  checkKnown("rabbitmq", options, KNOWN);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const all: typeof rabbitDefaults & RabbitBackendOptions = { ...rabbitDefaults, ...given };
  const { connect, queueName, priority, durable } = all;
  const second = ADDRESS.find((key) => options[key] !== undefined);
  if (connect !== undefined && second !== undefined)
    throw invalid(`${second}: connect says this already; keep one of the two`);
  if (!["lanes", "native", "classic"].includes(priority))
    throw invalid(`priority is lanes, native or classic, not "${String(priority)}"`);
  for (const key of ["durable", "allowTransient", "trustConsumerTimeout"] as const)
    if (typeof all[key] !== "boolean") throw invalid(`${key} is true or false`);
  if (!durable && !all.allowTransient)
    throw invalid("durable: false loses all tasks at a restart of the broker; say allowTransient: true beside it");
  if (!durable && priority === "native") throw invalid("priority native needs quorum queues, and those are durable");
  if (!LADDER_NAME.test(all.ladder)) throw invalid(`ladder "${all.ladder}" is no name`);
  const heartbeatMs = checkWhole("heartbeatMs", all.heartbeatMs, 1_000, 10_000);
  if (heartbeatMs % 1_000 !== 0) throw invalid("heartbeatMs is in whole seconds");
  const of = checkName("queue", all.queue);
  const ladder = new Ladder(all.ladder);
  return {
    dial: connect === undefined ? connector(addressOf(options), options.connection ?? {}) : connect,
    naming: {
      namespace: checkName("namespace", all.namespace),
      named: queueName === undefined ? undefined : { of, name: checkName("queueName", queueName) },
      ladder,
    },
    ladder,
    priority,
    durable,
    prefetchCount: checkWhole("prefetchCount", all.prefetchCount, 1, rabbitDefaults.prefetchCount),
    heartbeatMs,
    consumerTimeoutMs: checkWhole("consumerTimeoutMs", all.consumerTimeoutMs, 1_000, MOST_TIMEOUT_MS),
    trustConsumerTimeout: all.trustConsumerTimeout,
    frameBytes: checkWhole("frameBytes", all.frameBytes, 1_024, MOST_FRAME_BYTES),
  };
}

function invalid(message: string): DispatchError {
  return new DispatchError("CONFIG_INVALID", `rabbitmq: ${message}`);
}
