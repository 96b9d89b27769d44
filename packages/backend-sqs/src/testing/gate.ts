import { connect, createServer, type Server, type Socket } from "node:net";

/** A door before a server that a test can hold shut: bytes then go nowhere, and nobody is told. */
export class Gate {
  /** Nothing gets through to the server. */
  swallowsRequests = false;
  /** Nothing gets through to the client. */
  swallowsAnswers = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async before(url: string): Promise<Gate> {
    const target = new URL(url);
    const server = createServer((client) => {
      const upstream = connect(Number(target.port), target.hostname);
      gate.#pair(client, upstream);
    });
    const gate = new Gate(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return gate;
  }

  get port(): number {
    return (this.#server.address() as { readonly port: number }).port;
  }

  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** Ends every connection, as a router that forgets them; new ones pass. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pair(client: Socket, upstream: Socket): void {
    client.on("data", (bytes) => this.swallowsRequests || upstream.write(bytes));
    upstream.on("data", (bytes) => this.swallowsAnswers || client.write(bytes));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}
