import { type ChannelModel, connect, credentials, type SocketOptions } from "amqplib";
import type { Address, Node } from "./address.ts";

/** How a connection is made. */
export interface Dial {
  connect(options: { readonly heartbeatS: number }): Promise<ChannelModel>;
  /** The node of the last connection is of no use: the next one is tried. */
  next(): void;
}

/** A server that does not take a connection within so long is away. */
const CONNECT_MS = 5_000;

export function connector(address: Address, connection: SocketOptions): Dial {
  let at = 0;
  return {
    connect: ({ heartbeatS }) =>
      connectTo(address.nodes[at % address.nodes.length] as Node, address, connection, heartbeatS),
    next() {
      at += 1;
    },
  };
}

function connectTo(node: Node, { tls, isExternal }: Address, connection: SocketOptions, heartbeatS: number) {
  const { protocol, hostname, port, username, password, virtualHost } = node;
  const url = {
    protocol,
    hostname,
    port,
    username,
    password,
    vhost: encodeURIComponent(virtualHost),
    heartbeat: heartbeatS,
  };
  const options: SocketOptions = {
    ...(protocol === "amqps" && tls),
    ...connection,
    timeout: connection.timeout ?? CONNECT_MS,
    // Without it an ack waits for the answer to the one before: 23 a second.
    noDelay: true,
    ...(isExternal && { credentials: credentials.external() }),
  };
  return connect(url, options);
}
