/** A Redis backend with wires of its own: its connections can end, stop and go on as those of another process would. */
import { once } from "node:events";
import type { Socket } from "node:net";
import { AbstractConnector } from "ioredis";
import type { Backend } from "../../packages/core/dist/contract.js";
import type { Session } from "../../packages/testkit/dist/index.js";
import { bentSession, type Wish } from "./bent-wires.ts";

/** `make` is given what makes ioredis use these wires. One server, without TLS. */
export function bentRedis(make: (options: { readonly Connector: typeof AbstractConnector }) => Backend): Session {
  return bentSession((connect) => make({ Connector: connectorOf(connect) }));
}

function connectorOf(connect: (wish: Wish) => Socket): typeof AbstractConnector {
  return class extends AbstractConnector {
    readonly #options: { readonly host?: string; readonly port?: number; readonly disconnectTimeout?: number };

    constructor(options: { readonly host?: string; readonly port?: number; readonly disconnectTimeout?: number }) {
      super(options.disconnectTimeout ?? 2_000);
      this.#options = options;
    }

    async connect(): Promise<Socket> {
      const { host = "127.0.0.1", port = 6379 } = this.#options;
      this.connecting = true;
      const socket = connect({ host, port, onConnect: () => {} });
      this.stream = socket;
      // Until then it does not even look as if it were connecting.
      await once(socket, "connect");
      return socket;
    }
  } as unknown as typeof AbstractConnector;
}
