import { Reconnector } from "@org/dispatch-core/adapter-kit";
import type { Clock } from "@org/dispatch-core/contract";
import type { Channel, ChannelModel, ConfirmChannel } from "amqplib";
import { bounded } from "./bounded.ts";
import type { Dial } from "./dial.ts";
import { closedError, RabbitRefusal } from "./rabbit-error.ts";

export interface LinkPort {
  readonly clock: Clock;
  readonly dial: Dial;
  readonly heartbeatS: number;
  /** Runs on each connection that follows another one, before anybody gets it: what was made for the one before may be gone. */
  readonly restore: (line: Line, signal: AbortSignal) => Promise<void>;
  /** A connection is there. */
  readonly opened?: (line: Line) => void;
}

/** An orderly end that the server does not answer is waited for so long. */
const END_MS = 2_000;
/** One try to connect, and to make sure of the queues. */
const TRY_MS = 15_000;

/** One connection, from its beginning to its end. */
export class Line {
  readonly #model: ChannelModel;
  /** Why the server takes nothing for now: an alarm of memory or disk. */
  blockedBy: string | undefined;
  #endedBy: unknown;
  #onEnd: ((reason: unknown) => void) | undefined;
  /** Those who wait for a channel: the client never answers what is asked while a connection ends. */
  readonly #waiting = new Set<(reason: unknown) => void>();

  constructor(model: ChannelModel) {
    this.#model = model;
    model.on("error", (error) => {
      this.#endedBy ??= error;
    });
    model.on("close", (error) => {
      this.#endedBy ??= error ?? new RabbitRefusal("UNAVAILABLE", "the connection to RabbitMQ is closed");
      for (const reject of this.#waiting) reject(this.#endedBy);
      this.#onEnd?.(this.#endedBy);
      // The client only says that it has no more to say: who does not answer that, and the process, would wait for each other.
      this.cut();
    });
    model.on("blocked", (reason) => {
      this.blockedBy = reason;
    });
    model.on("unblocked", () => {
      this.blockedBy = undefined;
    });
  }

  /** Called once, also where the end was before. */
  onEnd(listener: (reason: unknown) => void): void {
    this.#onEnd = listener;
    if (this.#endedBy !== undefined) listener(this.#endedBy);
  }

  get endedBy(): unknown {
    return this.#endedBy;
  }

  /** `[4, 3]` of "4.3.6". */
  get release(): readonly [number, number] {
    const [major = 0, minor = 0] = this.#model.connection.serverProperties.version.split(".").map(Number);
    return [major, minor];
  }

  isAtLeast(major: number, minor: number): boolean {
    const [hasMajor, hasMinor] = this.release;
    return hasMajor > major || (hasMajor === major && hasMinor >= minor);
  }

  channel(): Promise<Channel> {
    return this.#unlessEnded(this.#model.createChannel());
  }

  confirmChannel(): Promise<ConfirmChannel> {
    return this.#unlessEnded(this.#model.createConfirmChannel());
  }

  /** A channel for one piece of work: an error of it ends the channel, and nothing else. */
  async on<T>(work: (channel: Channel) => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#endedBy !== undefined) throw this.#endedBy;
    const channel = await bounded(this.channel(), signal, closeQuietly);
    channel.on("error", () => {});
    try {
      return await bounded(work(channel), signal);
    } finally {
      closeQuietly(channel);
    }
  }

  /** Orderly, as far as the server answers. */
  async close(): Promise<void> {
    if (this.#endedBy !== undefined) return;
    try {
      await bounded(this.#model.close(), AbortSignal.timeout(END_MS));
    } catch {
      this.cut();
    }
  }

  #unlessEnded<T>(made: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#endedBy !== undefined) reject(this.#endedBy);
      this.#waiting.add(reject);
      made.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }

  /** Without a word: where a connection answers no more, its end cannot be agreed on. */
  cut(): void {
    const { stream } = this.#model.connection as { readonly stream?: { destroy(error?: Error): void } };
    stream?.destroy(new Error("the connection to RabbitMQ was given up"));
  }
}

/** One connection that is kept alive. */
export class Link {
  readonly #reconnector: Reconnector<Line>;
  readonly #port: LinkPort;
  #isClosed = false;

  constructor(port: LinkPort) {
    this.#port = port;
    this.#reconnector = new Reconnector<Line>({
      clock: port.clock,
      connect: (signal) => this.#connect(signal),
      opened: (line, epoch) => {
        // The end was while the client connected.
        if (this.#isClosed) return void line.close();
        port.opened?.(line);
        line.onEnd((reason) => this.#reconnector.lost(epoch, reason));
      },
    });
  }

  /** The first connection. Throws what the client says. */
  async start(signal: AbortSignal): Promise<Line> {
    return bounded(this.#reconnector.start(signal), signal);
  }

  /** Throws why there is none. */
  get line(): Line {
    const { current, reason } = this.#reconnector;
    if (current !== undefined) return current;
    if (this.#isClosed) throw closedError();
    throw reason ?? new RabbitRefusal("UNAVAILABLE", "not connected to RabbitMQ");
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reconnector.close()?.close();
  }

  async #connect(outer: AbortSignal): Promise<Line> {
    const signal = AbortSignal.any([outer, AbortSignal.timeout(TRY_MS)]);
    const { dial, heartbeatS, restore } = this.#port;
    const model = await bounded(dial({ heartbeatS }), signal, (late) => void new Line(late).close());
    const line = new Line(model);
    if (this.#reconnector.epoch === 0) return line;
    try {
      await restore(line, signal);
      return line;
    } catch (error) {
      line.cut();
      throw error;
    }
  }
}

export function closeQuietly(channel: Channel): void {
  try {
    channel.close().catch(() => {});
  } catch {
    // It was closed already.
  }
}
