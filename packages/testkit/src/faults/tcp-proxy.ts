import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { Link } from "./link.ts";
import { type Direction, type Directions, directionsOf, soundWire, type WireFault } from "./wire-faults.ts";

/** Where a proxy passes its connections on to, and how. */
export interface TcpProxyOptions {
  /** The port of the real server. */
  readonly port: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** The proxy's own port on 127.0.0.1; default: a free one. */
  readonly listenPort?: number;
  /** Makes jitter the same each time; default `Math.random`. */
  readonly random?: () => number;
}

/**
 * The ports from which a proxy takes its own: below those that systems give to outgoing connections. While a proxy is down its port is free, and must
 * not be taken meanwhile, nor may a client that dials it again and again get it for its own end and reach itself. And below those that servers of tests
 * like to take, so that no proxy gets the port of one that is being restarted.
 */
const PORTS = { least: 10_240, count: 9_700 };

/**
 * A TCP proxy on loopback that can break what passes through it, for clients of any protocol. Faults hold for the connections that there are and for
 * those that come, until `heal`. Times are ms of the machine's clock.
 */
export class TcpProxy {
  /** Where clients connect to, on 127.0.0.1. */
  readonly port: number;
  readonly host = "127.0.0.1";
  readonly #options: TcpProxyOptions;
  readonly #faults: Readonly<Record<Direction, WireFault>> = { up: soundWire(), down: soundWire() };
  readonly #links = new Set<Link>();
  #server: Server | undefined;
  #accepted = 0;
  #refuses = false;

  private constructor(options: TcpProxyOptions, server: Server, port: number) {
    this.#options = options;
    this.port = port;
    this.#serve(server);
  }

  /** Listens and passes on. Throws the system's error where the given port is taken. */
  static async start(options: TcpProxyOptions): Promise<TcpProxy> {
    if (options.listenPort !== undefined)
      return new TcpProxy(options, await listening(options.listenPort), options.listenPort);
    for (let tries = 0; ; tries += 1) {
      const port = PORTS.least + Math.floor(Math.random() * PORTS.count);
      const server = await listening(port).catch((error: unknown) => {
        if (tries < 100) return undefined;
        throw error;
      });
      if (server !== undefined) return new TcpProxy(options, server, port);
    }
  }

  /** How many connections pass through it now. */
  get connections(): number {
    return this.#links.size;
  }

  /** How many connections it has taken since it started: a client that connects again is seen here. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Each portion of bytes arrives later by `ms`, and by up to `jitterMs` more; their order stays. */
  latency(ms: number, jitterMs = 0, directions: Directions = "both"): void {
    this.#set(directions, { latencyMs: ms, jitterMs });
  }

  /** At most so many bytes a second; 0: as fast as it goes. */
  bandwidth(bytesPerSecond: number, directions: Directions = "both"): void {
    this.#set(directions, { bytesPerSecond });
  }

  /** Ends every connection at once, with a reset on both sides; a side that is just being ended is closed, and reset when it writes. New ones are served. */
  reset(): void {
    for (const link of this.#links) link.reset();
  }

  /** Ends one direction of every connection: its receiver sees the end of the stream, the other direction goes on. */
  halfClose(direction: Direction): void {
    for (const link of this.#links) link.pipes[direction].end();
  }

  /**
   * Nothing arrives any more, and nobody is told: writes succeed, connections are accepted and stay silent. What was sent meanwhile arrives after `heal`,
   * as TCP would send it again.
   */
  blackHole(directions: Directions = "both"): void {
    this.#set(directions, { isBlack: true });
  }

  /** Passes so many bytes more, of all connections together, then resets the one that brings the next. Once. */
  cutAfter(bytes: number, direction: Direction = "down"): void {
    this.#set(direction, { cutIn: bytes });
  }

  /** Passes so many bytes more as they are, and changes every bit of the next. Once. */
  corrupt(afterBytes: number, direction: Direction = "down"): void {
    this.#set(direction, { corruptIn: afterBytes });
  }

  /**
   * Resets every connection, and each that comes, until `heal`. Unlike with `down` the port stays its own: whoever goes on dialling it for ever reaches
   * nobody else there.
   */
  refuse(): void {
    this.#refuses = true;
    this.reset();
  }

  /** The server is gone: resets every connection and refuses new ones, until `up`. */
  async down(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, "close");
    server.close();
    this.reset();
    await closed;
  }

  /** The server is back, at the same port. */
  async up(): Promise<void> {
    if (this.#server === undefined) this.#serve(await listening(this.port));
  }

  /** Ends every fault but `down`; what a black hole has held back goes on. */
  heal(): void {
    this.#refuses = false;
    this.#set("both", soundWire());
    for (const { pipes } of this.#links) for (const pipe of [pipes.up, pipes.down]) pipe.resume();
  }

  /** Ends every connection and gives the port back. May be called twice. */
  close(): Promise<void> {
    return this.down();
  }

  #set(directions: Directions, change: Partial<WireFault>): void {
    for (const direction of directionsOf(directions)) Object.assign(this.#faults[direction], change);
  }

  #serve(server: Server): void {
    this.#server = server;
    server.on("connection", (client) => this.#accept(client));
  }

  #accept(client: Socket): void {
    this.#accepted += 1;
    if (this.#refuses) {
      client.on("error", () => {});
      client.resetAndDestroy();
      return;
    }
    const { host = "127.0.0.1", port, random = Math.random } = this.#options;
    const link = new Link({ client, host, port, faults: this.#faults, random });
    this.#links.add(link);
    link.onOver(() => this.#links.delete(link));
  }
}

async function listening(port: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}
