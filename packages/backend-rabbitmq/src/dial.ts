import { type ChannelModel, connect, credentials, type SocketOptions } from "amqplib";
import type { Address, Node } from "./address.ts";

/** Makes a connection. */
export type Dial = (options: { readonly heartbeatS: number }) => Promise<ChannelModel>;

/** A server that does not take a connection within so long is away. */
const CONNECT_MS = 5_000;

/** To the node of the last connection, else to the next one that takes it. Throws what the last of them says. */
export function connector({ nodes, ...address }: Address, connection: SocketOptions): Dial {
  let last = 0;
  return async ({ heartbeatS }) => {
    // Several dial at a time: each has to ask every node.
    const first = last;
    let failure: unknown;
    for (let tries = 0; tries < nodes.length; tries += 1) {
      const at = (first + tries) % nodes.length;
      try {
        const model = await connectTo(nodes[at] as Node, address, connection, heartbeatS);
        last = at;
        return model;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  };
}

function connectTo(
  node: Node,
  { tls, isExternal }: Omit<Address, "nodes">,
  connection: SocketOptions,
  heartbeatS: number,
) {
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
