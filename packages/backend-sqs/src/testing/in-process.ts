import { Server } from "node:net";
import { type FauxqsServer, startFauxqs } from "fauxqs";

/** A server of SQS in this process, for this machine only: it would listen for everybody. */
export async function inProcess(): Promise<{ readonly url: string; readonly server: FauxqsServer }> {
  const { listen } = Server.prototype;
  Server.prototype.listen = function (this: Server, ...args: unknown[]) {
    const [options] = args;
    if (typeof options === "object" && options !== null && "host" in options) options.host = "127.0.0.1";
    return Reflect.apply(listen, this, args) as Server;
  } as typeof listen;
  try {
    const server = await startFauxqs({ port: 0, logger: false, host: "127.0.0.1" });
    return { url: `sqs+http://127.0.0.1:${server.port}`, server };
  } finally {
    Server.prototype.listen = listen;
  }
}
