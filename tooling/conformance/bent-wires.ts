/**
 * Sessions of a broker that says by itself where it is to be reached: no proxy can be put before that. So the way is bent where the client makes its
 * sockets, to proxies of the session's own, and a session can end, stop and go on as another process's would.
 */
import { Socket } from "node:net";
import type { Backend } from "../../packages/core/dist/contract.js";
import { type Session, TcpProxy } from "../../packages/testkit/dist/index.js";

/** What a client asks for a socket. */
export interface Wish {
  readonly host: string;
  readonly port: number;
  readonly onConnect: () => void;
}

/** Makes a backend whose client gets its sockets from `connect`, and gives it a session's ends. Without TLS. */
export function bentSession(make: (connect: (wish: Wish) => Socket) => Backend): Session {
  const wires = new BentWires();
  const backend = make((wish) => wires.connect(wish));
  const close = backend.close.bind(backend);
  const blackHole = (on: boolean) => wires.blackHole(on);
  return Object.assign(backend, {
    kill: () => wires.end(),
    freeze: () => blackHole(true),
    thaw: () => blackHole(false),
    cut: () => wires.cut(),
    blackHole,
    latency: (ms: number) => wires.latency(ms),
    close: async () => {
      await close();
      await wires.close();
    },
  });
}

class BentWires {
  #hasEnded = false;
  #isBlack = false;
  #latencyMs = 0;
  readonly #proxies = new Map<string, Promise<TcpProxy>>();

  connect({ host, port, onConnect }: Wish): Socket {
    const socket = new Socket();
    socket.setNoDelay(true);
    if (this.#hasEnded) {
      socket.destroy(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }));
      return socket;
    }
    this.#proxy(host, port).then(
      (proxy) => socket.destroyed || socket.connect(proxy.port, "127.0.0.1", onConnect),
      (error: Error) => socket.destroy(error),
    );
    return socket;
  }

  /** As SIGKILL: all sockets end, and there are no new ones. */
  end(): void {
    this.#hasEnded = true;
    this.cut();
  }

  cut(): void {
    this.#each((proxy) => proxy.reset());
  }

  blackHole(on: boolean): void {
    this.#isBlack = on;
    this.#each((proxy) => (on ? proxy.blackHole() : proxy.heal()));
  }

  latency(ms: number): void {
    this.#latencyMs = ms;
    this.#each((proxy) => proxy.latency(ms));
  }

  async close(): Promise<void> {
    this.#hasEnded = true;
    const proxies = await Promise.allSettled(this.#proxies.values());
    await Promise.all(proxies.map((proxy) => (proxy.status === "fulfilled" ? proxy.value.close() : undefined)));
  }

  #each(act: (proxy: TcpProxy) => void): void {
    for (const proxy of this.#proxies.values()) void proxy.then(act, () => {});
  }

  /** One for each broker. */
  #proxy(host: string, port: number): Promise<TcpProxy> {
    const key = `${host}:${port}`;
    let proxy = this.#proxies.get(key);
    if (proxy === undefined) {
      proxy = TcpProxy.start({ host, port }).then((started) => {
        if (this.#isBlack) started.blackHole();
        if (this.#latencyMs > 0) started.latency(this.#latencyMs);
        return started;
      });
      this.#proxies.set(key, proxy);
    }
    return proxy;
  }
}
