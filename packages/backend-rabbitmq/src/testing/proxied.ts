import { type Session, TcpProxy } from "@org/dispatch-testkit";
import { connect } from "amqplib";
import { RabbitBackend, type RabbitBackendOptions } from "../index.ts";

/** A backend with a proxy of its own before the server: its connections can end, stop and go on as those of another process would. */
export class ProxiedRabbit extends RabbitBackend implements Session {
  readonly #proxy: Promise<TcpProxy>;

  /** `url`: of one server, without TLS. */
  constructor(url: string, options: RabbitBackendOptions) {
    const { hostname, port, username, password } = new URL(url);
    const proxy = TcpProxy.start({ host: hostname, port: Number(port) });
    super({
      ...options,
      async connect({ heartbeatS }) {
        const { host, port: own } = await proxy;
        const node = { hostname: host, port: own, username, password, heartbeat: heartbeatS };
        return connect(node, { noDelay: true, timeout: 3_000 });
      },
    });
    this.#proxy = proxy;
  }

  /** As SIGKILL: the machine ends the connections of a process that is not there. */
  kill(): void {
    this.#then((proxy) => proxy.down());
  }

  /** As SIGSTOP: nobody reads or writes. */
  freeze(): void {
    this.blackHole(true);
  }

  thaw(): void {
    this.blackHole(false);
  }

  cut(): void {
    this.#then((proxy) => proxy.reset());
  }

  blackHole(on: boolean): void {
    this.#then((proxy) => (on ? proxy.blackHole() : proxy.heal()));
  }

  override async close(): Promise<void> {
    await super.close();
    await (await this.#proxy).close();
  }

  #then(run: (proxy: TcpProxy) => void | Promise<void>): void {
    void this.#proxy.then(run);
  }
}
