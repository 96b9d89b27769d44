import { connect as connectPlain, isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import kafkajs, { type ISocketFactory, type Kafka, type KafkaConfig } from "kafkajs";

/** A connection that is not there in this time will not be there. */
const CONNECT_MS = 5_000;
/** What is not answered in this time is on a connection that is dead. */
const REQUEST_MS = 8_000;
const KEEP_ALIVE_MS = 30_000;
/** Who leads a partition, or coordinates a group, may have to be asked for twice. What changes anything is never sent again: core does that, in one place. */
const LOOK_UPS = { retries: 4, initialRetryTime: 100, maxRetryTime: 500 } as const;

/** A client of our own: it sends nothing twice and says nothing, and its connections end with it. */
export function ownClient(config: KafkaConfig): { readonly client: Kafka; readonly dispose: () => void } {
  const sockets = new Set<Socket>();
  let isOver = false;
  const { socketFactory: connect = openSocket, ...rest } = config;
  const client = new kafkajs.Kafka({
    clientId: "dispatch",
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    logLevel: kafkajs.logLevel.NOTHING,
    ...rest,
    retry: LOOK_UPS,
    socketFactory: (to) => {
      // kafkajs goes on with what it had begun.
      if (isOver) throw new Error("the backend is closed");
      const socket = connect(to);
      sockets.add(socket);
      // kafkajs ends a socket that has ended again and again while a broker is away, and Node would warn of that.
      socket.setMaxListeners(0);
      socket.once("close", () => sockets.delete(socket));
      return socket;
    },
  });
  const dispose = () => {
    isOver = true;
    // With an error: kafkajs does not notice the end of a socket otherwise.
    for (const socket of sockets) socket.destroy(new Error("the backend is closed"));
  };
  return { client, dispose };
}

function openSocket({ host, port, ssl, onConnect }: Parameters<ISocketFactory>[0]): Socket {
  // An address is no name that a certificate could be asked for.
  const name = isIP(host) === 0 ? { servername: host } : {};
  const tls: ConnectionOptions | undefined = ssl;
  const socket =
    tls === undefined || tls === null
      ? connectPlain({ host, port }, onConnect)
      : connectTls({ host, port, ...name, ...tls }, onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
}
