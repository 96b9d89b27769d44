import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** For tests of the proxy: a server that says back what it hears, and ends when it is told to. */
export async function echoServer() {
  const sockets = new Set<Socket>();
  const heard: string[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => heard.push("error"));
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (bytes) => {
      heard.push(String(bytes));
      if (!socket.writableEnded) socket.write(bytes);
    });
    socket.on("end", () => {
      heard.push("end");
      socket.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    /** What it has heard, all connections together; `end` and `error` for how one ended. */
    heard,
    sockets,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** A client that keeps what comes, and how it ended. */
export async function echoClient(port: number) {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  let bytes = Buffer.alloc(0);
  const ends: string[] = [];
  socket.on("data", (more) => {
    bytes = Buffer.concat([bytes, more]);
  });
  socket.on("end", () => ends.push("end"));
  socket.on("error", (error: NodeJS.ErrnoException) => ends.push(error.code ?? error.message));
  socket.on("close", () => ends.push("close"));
  await new Promise((resolve) => void socket.once("connect", resolve).once("close", resolve));
  return { socket, ends, bytes: () => bytes, text: () => bytes.toString("latin1") };
}

export type EchoClient = Awaited<ReturnType<typeof echoClient>>;
