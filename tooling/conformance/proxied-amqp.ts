/** A backend over AMQP with a proxy of its own before the server: its connections can end, stop and go on as those of another process would. */
import { type ChannelModel, connect } from "amqplib";
import type { Backend } from "../../packages/core/dist/contract.js";
import { type Session, TcpProxy } from "../../packages/testkit/dist/index.js";

/** How the backend is to make its connections. */
export type Connect = (options: { readonly heartbeatS: number }) => Promise<ChannelModel>;

/** `url`: without TLS. Of several servers the first is taken. */
export function proxiedAmqp(url: string, make: (connect: Connect) => Backend): Session {
  const [first = url] = url.split(",");
  const { hostname, port, username, password } = new URL(first);
  const proxy = TcpProxy.start({ host: hostname, port: Number(port) });
  const then = (run: (proxy: TcpProxy) => void | Promise<void>) => void proxy.then(run);
  const backend = make(async ({ heartbeatS }) => {
    const { host, port: own } = await proxy;
    const node = { hostname: host, port: own, username, password, heartbeat: heartbeatS };
    return connect(node, { noDelay: true, timeout: 3_000 });
  });
  const close = backend.close.bind(backend);
  const blackHole = (on: boolean) => then((found) => (on ? found.blackHole() : found.heal()));
  return Object.assign(backend, {
    /** As SIGKILL: the machine ends the connections of a process that is not there. */
    kill: () => then((found) => found.down()),
    /** As SIGSTOP: nobody reads or writes. */
    freeze: () => blackHole(true),
    thaw: () => blackHole(false),
    cut: () => then((found) => found.reset()),
    blackHole,
    async close() {
      await close();
      await (await proxy).close();
    },
  });
}
