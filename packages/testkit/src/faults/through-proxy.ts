import type { Backend } from "@org/dispatch-core/contract";
import { wrap } from "../decorators/wrap.ts";
import type { Session } from "../world/sessions.ts";
import { TcpProxy } from "./tcp-proxy.ts";

/** Where a client connects to. */
export interface Door {
  readonly host: string;
  readonly port: number;
}

/**
 * A backend with a proxy of its own before its broker, for the suite's hook `proxy`: so its connection can end, stop and go on as that of another process
 * would. `make` is told where to connect to. For brokers that have one address and do not send their clients to others.
 */
export function throughProxy(broker: Door, make: (door: Door) => Backend): Session {
  // Tells the facts; it is not opened.
  const facts = make(broker);
  let proxy: TcpProxy | undefined;
  let opening: Promise<Backend> | undefined;
  let backend = facts;
  let isDead = false;
  const start = async () => {
    proxy = await TcpProxy.start(broker);
    backend = make({ host: proxy.host, port: proxy.port });
    return backend;
  };
  const heal = () => {
    if (!isDead) proxy?.heal();
  };
  const end = async () => {
    await opening?.catch(() => {});
    heal();
    await backend.close();
    await proxy?.close();
    if (backend !== facts) await facts.close();
  };
  const { move, depth, browse, purge, remove } = facts;
  return {
    ...wrap(facts, {
      async open(options, signal) {
        opening ??= start();
        await (await opening).open(options, signal);
      },
      send: (...args) => backend.send(...args),
      receive: (...args) => backend.receive(...args),
      renew: (...args) => backend.renew(...args),
      settle: (...args) => backend.settle(...args),
      close: end,
      // What the facts have, the other has.
      ...(move && { move: (...args) => (backend as Required<Backend>).move(...args) }),
      ...(depth && { depth: (...args) => (backend as Required<Backend>).depth(...args) }),
      ...(browse && { browse: (...args) => (backend as Required<Backend>).browse(...args) }),
      ...(purge && { purge: (...args) => (backend as Required<Backend>).purge(...args) }),
      ...(remove && { remove: (...args) => (backend as Required<Backend>).remove(...args) }),
    }),
    kill() {
      isDead = true;
      proxy?.refuse();
    },
    freeze: () => proxy?.blackHole(),
    thaw: heal,
    cut: () => proxy?.reset(),
    latency: (ms) => proxy?.latency(ms),
    blackHole: (on) => (on ? proxy?.blackHole() : heal()),
  };
}
