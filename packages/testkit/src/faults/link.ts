import { connect, type Socket } from "node:net";
import { Pipe } from "./pipe.ts";
import type { Direction, WireFault } from "./wire-faults.ts";

export interface LinkOptions {
  readonly client: Socket;
  readonly host: string;
  readonly port: number;
  readonly faults: Readonly<Record<Direction, WireFault>>;
  readonly random: () => number;
}

/** One connection through the proxy: a socket at each end, and a pipe for each direction. When one socket breaks, the other one is reset. */
export class Link {
  readonly pipes: Readonly<Record<Direction, Pipe>>;
  readonly #sockets: readonly Socket[];
  readonly #over = new AbortController();

  constructor({ client, host, port, faults, random }: LinkOptions) {
    const server = connect({ host, port, allowHalfOpen: true, noDelay: true });
    this.#sockets = [client, server];
    const shared = { over: this.#over.signal, random, cut: () => this.reset() };
    this.pipes = {
      up: new Pipe({ from: client, to: server, fault: faults.up, ...shared }),
      down: new Pipe({ from: server, to: client, fault: faults.down, ...shared }),
    };
    for (const socket of this.#sockets) {
      // A socket that breaks says `close` next: the error itself is no news here.
      socket.on("error", () => {});
      socket.on("close", (hadError) => {
        if (hadError || this.#sockets.every(({ destroyed }) => destroyed)) this.reset();
      });
    }
  }

  onOver(run: () => void): void {
    this.#over.signal.addEventListener("abort", run, { once: true });
  }

  /** Ends both sides with a reset. */
  reset(): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    for (const socket of this.#sockets) if (!socket.destroyed) resetAndDestroy(socket);
  }
}

/**
 * libuv does not reset a socket whose end is still being said, and Node, which does not look at that, then loses the socket: it stays open, and the
 * process spins where it should exit. Such a socket is closed: whoever goes on writing to it is reset then.
 */
function resetAndDestroy(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}
