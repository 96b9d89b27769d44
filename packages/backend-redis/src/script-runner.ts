import { RecentMap } from "@org/dispatch-core/adapter-kit";
import { type Queue, queueKey } from "@org/dispatch-core/contract";
import type { Argument, Connection } from "./connection.ts";
import type { DurableWrites } from "./durable-writes.ts";
import { type Place, placeOf } from "./keys.ts";
import type { Script } from "./script.ts";

export interface ScriptRunnerPort {
  readonly connection: Connection;
  readonly namespace: string;
  readonly replyRetentionMs: number;
  /** Undefined: a write is one as soon as the server has it. */
  readonly durable: DurableWrites | undefined;
}

/** Runs scripts over queues, on the connection for commands; writes that must last, on theirs. */
export class ScriptRunner {
  readonly #port: ScriptRunnerPort;
  /** Of queues that are opened here, by which their sources are found. */
  readonly #opened = new Map<string, Place>();
  readonly #others = new RecentMap<Place>();
  /** What each `Queue` object led to: core uses the same objects again and again. */
  readonly #known = new WeakMap<Queue, Place>();

  constructor(port: ScriptRunnerPort) {
    this.#port = port;
  }

  /** One and the same object for a queue for good. */
  open(queue: Queue): Place {
    const place = this.place(queue);
    this.#opened.set(queueKey(queue), place);
    return place;
  }

  /** It is opened here no longer; answers where it was. */
  forget(queue: Queue): Place {
    const place = this.place(queue);
    this.#opened.delete(queueKey(queue));
    return place;
  }

  place(queue: Queue): Place {
    let place = this.#known.get(queue);
    if (place !== undefined) return place;
    const key = queueKey(queue);
    place = this.#opened.get(key) ?? this.#others.get(key);
    if (place === undefined) {
      const { namespace, replyRetentionMs } = this.#port;
      place = placeOf(namespace, queue, replyRetentionMs);
      this.#others.set(key, place);
    }
    this.#known.set(queue, place);
    return place;
  }

  run(script: Script, places: readonly Place[], args: readonly Argument[], signal: AbortSignal): Promise<unknown> {
    return this.#port.connection.run(script, keysOf(places), args, signal);
  }

  /** A change that must last. */
  write(script: Script, places: readonly Place[], args: readonly Argument[], signal: AbortSignal): Promise<unknown> {
    const { durable } = this.#port;
    if (durable === undefined) return this.run(script, places, args, signal);
    const keys = keysOf(places);
    return durable.run(script, places, [keys.length, ...keys, ...args], signal);
  }
}

function keysOf(places: readonly Place[]): readonly string[] {
  return places.length === 1 ? (places[0] as Place).keys : places.flatMap(({ keys }) => keys);
}
