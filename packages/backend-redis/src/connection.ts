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
  /** Shared by all who wait for it: each listener of its own is a warning of Node's from the eleventh on. */
  #becoming: Promise<void> | undefined;

  constructor(make: MakeClient) {
    this.#make = make;
  }

  /** Resolves when commands can be sent. Throws what the client says when the connection that is being made comes to nothing. */
  async ready(signal?: AbortSignal): Promise<void> {
    const client = this.#current();
    if (client.status === "ready") return;
    if (["wait", "end"].includes(client.status)) client.connect().catch(() => {});
    this.#becoming ??= this.#become(client).finally(() => {
      this.#becoming = undefined;
    });
    await settled(this.#becoming, signal);
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
      return await this.#call(["evalsha", script.sha, ...rest], signal);
    } catch (error) {
      if (!isUnknownScript(error)) throw this.#plain(error);
      return this.command(["eval", script.lua, ...rest], signal);
    }
  }

  /** All in one go, to one server: an error or an answer each. */
  pipeline(calls: readonly (readonly Argument[])[]): Promise<(readonly [error: unknown, answer: unknown])[]> {
    const pipeline = this.#writable().pipeline();
    for (const call of calls) pipeline.callBuffer(...(call as [string, ...Argument[]]));
    return pipeline
      .exec()
      .then((answers) => (answers ?? []).map(([error, answer]) => [error && this.#plain(error), answer]));
  }

  async command(call: readonly Argument[], signal?: AbortSignal): Promise<unknown> {
    try {
      return await this.#call(call, signal);
    } catch (error) {
      throw this.#plain(error);
    }
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

  #call(call: readonly Argument[], signal: AbortSignal | undefined): Promise<unknown> {
    return settled(this.#writable().callBuffer(...(call as [string, ...Argument[]])), signal);
  }

  #become(client: Client): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const failed = () => reject(this.#reason());
    client.once("ready", resolve);
    client.once("close", failed);
    client.once("end", failed);
    return promise.finally(() => {
      client.off("ready", resolve);
      client.off("close", failed);
      client.off("end", failed);
    });
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

  /** Of a connection that is lost meanwhile the client says only that it does not try again, or what has become of its command. */
  #plain(error: unknown): unknown {
    const { name } = error instanceof Error ? error : { name: "" };
    return ["AbortError", "MaxRetriesPerRequestError"].includes(name) ? this.#reason() : error;
  }

  #reason(): unknown {
    if (this.#closed) return closedError();
    return this.#error ?? new RedisRefusal("UNAVAILABLE", "there is no connection to Redis, or it was lost");
  }
}

export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}

export function closedError(): RedisRefusal {
  return new RedisRefusal("CLOSED", "the Redis backend is closed");
}
