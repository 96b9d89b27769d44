import { type Argument, type Connection, isUnknownScript } from "./connection.ts";
import type { Durability } from "./durability.ts";
import type { Place } from "./keys.ts";
import type { Script } from "./script.ts";
import { settled } from "./settled.ts";

interface Write {
  readonly script: Script;
  /** What stands behind the script: the number of keys, keys, arguments. */
  readonly rest: readonly Argument[];
  readonly signal: AbortSignal;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

/**
 * Writes, each answered when there are as many copies as were asked for. A wait for copies holds up its connection, so this has one of its own, which
 * neither renewals nor receives use; and what comes meanwhile shares the next wait: with a replica that is away, none stands behind more than one.
 */
export class DurableWrites {
  readonly #connection: Connection;
  readonly #durability: Durability;
  /** What waits for its turn; a list stands here for as long as there is a turn. One for each family in a cluster, where each may be on another node. */
  readonly #waiting = new Map<string, Write[]>();

  constructor(connection: Connection, durability: Durability) {
    this.#connection = connection;
    this.#durability = durability;
  }

  /** Throws where there were not enough copies, which leaves open that there will be. A signal that fires before its turn ends it undone. */
  run(script: Script, places: readonly Place[], rest: readonly Argument[], signal: AbortSignal): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const write: Write = { script, rest, signal, resolve, reject };
    const family = this.#connection.isCluster ? (places[0]?.queue.of ?? "") : "";
    const waiting = this.#waiting.get(family);
    if (waiting !== undefined) waiting.push(write);
    else {
      const first = [write];
      this.#waiting.set(family, first);
      queueMicrotask(() => void this.#turns(family, first));
    }
    return settled(promise, signal);
  }

  async #turns(family: string, waiting: Write[]): Promise<void> {
    while (waiting.length > 0) {
      const writes = waiting.splice(0).filter(({ signal }) => !signal.aborted);
      if (writes.length === 0) continue;
      try {
        const unknown = await this.#turn(writes, (script) => ["evalsha", script.sha]);
        if (unknown.length > 0) await this.#turn(unknown, (script) => ["eval", script.lua]);
      } catch (error) {
        for (const { reject } of writes) reject(error);
      }
    }
    this.#waiting.delete(family);
  }

  /** Answers the writes whose script the server does not know: those have not run. */
  async #turn(writes: readonly Write[], call: (script: Script) => readonly string[]): Promise<Write[]> {
    const calls = writes.map(({ script, rest }) => [...call(script), ...rest]);
    const answers = await this.#connection.pipeline([...calls, this.#durability.command]);
    const [failed, copies] = answers.pop() ?? [];
    const tooFew = failed ?? this.#durability.missing(copies);
    const unknown: Write[] = [];
    writes.forEach((write, index) => {
      const [error, answer] = answers[index] ?? [];
      if (isUnknownScript(error)) unknown.push(write);
      else if (error || tooFew) write.reject(error ?? tooFew);
      else write.resolve(answer);
    });
    return unknown;
  }
}
