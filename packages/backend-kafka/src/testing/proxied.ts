import { Socket } from "node:net";
import { TcpProxy } from "@org/dispatch-testkit";
import { KafkaBackend } from "../backend.ts";
import type { KafkaBackendOptions } from "../options.ts";

/**
 * A backend whose connections go through proxies of its own, one for each broker, so that they can end, stop and go on as another process's would. A
 * broker says by itself where it is to be reached, and nobody can put a proxy there; so the way is bent where sockets are made.
 */
export class ProxiedKafka extends KafkaBackend {
  readonly #wires: Wires;

  constructor(options: KafkaBackendOptions) {
    const wires = new Wires();
    super({ ...options, connection: { ...options.connection, socketFactory: (to) => wires.connect(to) } });
    this.#wires = wires;
  }

  /** As SIGKILL: its sockets end, and it makes no new ones. */
  kill(): void {
    this.#wires.isDead = true;
    this.#wires.each((proxy) => proxy.reset());
  }

  /** As SIGSTOP, as far as the brokers see it. */
  freeze(): void {
    this.blackHole(true);
  }

  thaw(): void {
    this.blackHole(false);
  }

  cut(): void {
    this.#wires.each((proxy) => proxy.reset());
  }

  blackHole(on: boolean): void {
    this.#wires.isBlack = on;
    this.#wires.each((proxy) => (on ? proxy.blackHole() : proxy.heal()));
  }

  override async close(): Promise<void> {
    await super.close();
    await this.#wires.close();
  }
}

class Wires {
  isDead = false;
  isBlack = false;
  readonly #proxies = new Map<string, Promise<TcpProxy>>();

  connect({
    host,
    port,
    onConnect,
  }: {
    readonly host: string;
    readonly port: number;
    readonly onConnect: () => void;
  }): Socket {
    const socket = new Socket();
    socket.setNoDelay(true);
    if (this.isDead) {
      socket.destroy(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }));
      return socket;
    }
    this.#proxy(host, port).then(
      (proxy) => socket.destroyed || socket.connect(proxy.port, "127.0.0.1", onConnect),
      (error: Error) => socket.destroy(error),
    );
    return socket;
  }

  each(act: (proxy: TcpProxy) => void): void {
    for (const proxy of this.#proxies.values()) void proxy.then(act, () => {});
  }

  async close(): Promise<void> {
    this.isDead = true;
    const proxies = await Promise.allSettled(this.#proxies.values());
    await Promise.all(proxies.map((proxy) => (proxy.status === "fulfilled" ? proxy.value.close() : undefined)));
  }

  #proxy(host: string, port: number): Promise<TcpProxy> {
    const key = `${host}:${port}`;
    let proxy = this.#proxies.get(key);
    if (proxy === undefined) {
      proxy = TcpProxy.start({ host, port }).then((started) => {
        if (this.isBlack) started.blackHole();
        return started;
      });
      this.#proxies.set(key, proxy);
    }
    return proxy;
  }
}
