import type { Client, MakeClient } from "./client.ts";
import { RedisRefusal } from "./redis-error.ts";
import type { Script } from "./script.ts";
import { settled } from "./settled.ts";

/** An argument or a key of a command. */
export type Argument = string | number | Buffer;

/** One client, and what its promises do not do by themselves: they settle when the signal fires, whatever the socket does. */
export class Connection {
  readonly #make: MakeClient;
  #client: Client | undefined;
  #error: unknown;
  #closed = false;

  constructor(make: MakeClient) {
    this.#make = make;
  }

  /** Resolves when commands can be sent. Throws what the client says when the connection that is being made comes to nothing. */
  async ready(signal?: AbortSignal): Promise<void> {
    const client = this.#current();
    if (client.status === "ready") return;
    if (["wait", "end"].includes(client.status)) client.connect().catch(() => {});
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const failed = () => reject(this.#reason());
    client.once("ready", resolve);
    client.once("close", failed);
    client.once("end", failed);
    try {
      await settled(promise, signal);
    } finally {
      client.off("ready", resolve);
      client.off("close", failed);
      client.off("end", failed);
    }
  }

  /** A script's answer, as bytes. A script that the server does not know has not run, and is sent whole. */
  async run(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
    signal?: AbortSignal,
  ): Promise<unknown> {
    const rest = [keys.length, ...keys, ...args];
    try {
      return await this.command(["evalsha", script.sha, ...rest], signal);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return this.command(["eval", script.lua, ...rest], signal);
    }
  }

  /** All in one go, to one server: an error or an answer each. */
  pipeline(calls: readonly (readonly Argument[])[]): Promise<(readonly [error: Error | null, answer: unknown])[]> {
    const pipeline = this.#writable().pipeline();
    for (const call of calls) pipeline.callBuffer(...(call as [string, ...Argument[]]));
    return pipeline.exec().then((answers) => answers ?? []);
  }

  async command(call: readonly Argument[], signal?: AbortSignal): Promise<unknown> {
    return settled(this.#writable().callBuffer(...(call as [string, ...Argument[]])), signal);
  }

  /** Throws where the database cannot be had: the client says nothing of that, and goes on in database 0, where another's tasks may be. */
  async select(signal: AbortSignal): Promise<void> {
    const client = this.#writable();
    const { db = 0 } = "nodes" in client ? {} : client.options;
    if (db > 0) await this.command(["select", db], signal);
  }

  get isCluster(): boolean {
    return "nodes" in this.#current();
  }

  /** Every master, one without a cluster: for questions about servers. */
  masters(): readonly Pick<Client, "info">[] {
    const client = this.#writable();
    return "nodes" in client ? client.nodes("master") : [client];
  }

  close(): void {
    this.#closed = true;
    this.#client?.disconnect();
  }

  #current(): Client {
    if (this.#closed) throw closedError();
    if (this.#client === undefined) {
      this.#client = this.#make();
      this.#client.on("error", (error: unknown) => {
        this.#error = error;
      });
      this.#client.on("ready", () => {
        this.#error = undefined;
      });
    }
    return this.#client;
  }

  /** The client's own words about a lost connection, instead of those about a command that cannot be written. */
  #writable(): Client {
    const client = this.#current();
    if (client.status === "ready") return client;
    if (["wait", "end"].includes(client.status)) client.connect().catch(() => {});
    throw this.#reason();
  }

  #reason(): unknown {
    if (this.#closed) return closedError();
    return this.#error ?? new RedisRefusal("UNAVAILABLE", "the connection to Redis is not there");
  }
}

export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}

export function closedError(): RedisRefusal {
  return new RedisRefusal("CLOSED", "the Redis backend is closed");
}
