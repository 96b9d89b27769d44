import { rm } from "node:fs/promises";
import { down, restart, up } from "../../../../tooling/services/lifecycle.ts";
import { instancesFolder } from "../../../../tooling/services/places.ts";
import { rabbitmqctl } from "../../../../tooling/services/rabbitmq/control.ts";

/** A server for one test file, which may do with it what it likes. */
export interface OwnServer {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** `rabbitmqctl`. */
  ctl(...words: readonly string[]): Promise<string>;
  restart(): Promise<void>;
  end(): Promise<void>;
}

/** `name`: of the file; several run at a time, in threads of one process. */
export async function ownServer(name: string, version = "4.3"): Promise<OwnServer> {
  process.env.DISPATCH_SERVICES_SET = `backend-rabbitmq-${name}-${process.pid}`;
  process.env.DISPATCH_TEST_RABBITMQ_URL = "";
  const { url } = await up("rabbitmq", { version });
  return {
    url,
    host: new URL(url).hostname,
    port: Number(new URL(url).port),
    ctl: (...words) => rabbitmqctl(version, ...words),
    async restart() {
      await restart("rabbitmq", { version });
    },
    async end() {
      await down("rabbitmq");
      await rm(instancesFolder(), { recursive: true, force: true });
    },
  };
}
