/** Servers for the suite, by `./dev services`, which knows how to start, stop and restart them. */
import { run } from "../command.ts";
import { root } from "../tree.ts";
import type { ServiceOptions } from "./arguments.ts";
import type { Service } from "./subjects.ts";

/** A server in use, and how to let go of it: one that ran before goes on. */
export interface Server {
  readonly service: Service;
  /** Stops it, keeps it away for so long, and starts it again with its data; absent where it is not ours to stop. */
  readonly restart?: (awayMs: number) => Promise<unknown>;
  release(): Promise<void>;
}

/**
 * Runs a `./dev services` command and answers the JSON lines that it printed. Throws what it said when it failed; but that some other server has ended by
 * itself, which `status` fails with, too, is nobody's business here.
 */
export type Services = (...args: readonly string[]) => Promise<readonly Service[]>;

const devServices: Services = async (...args) => {
  const { code, stdout, output } = await run([`${root}/dev`, "services", ...args]);
  if (code !== 0 && args[0] !== "status") throw new Error(output.trim());
  return stdout.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line)); // biome-ignore format: one line
};

/** Starts a server, or takes the one that runs. Throws where `./dev services` cannot. */
export async function useServer(name: string, options: ServiceOptions, services = devServices): Promise<Server> {
  const { version, cluster, tls } = options;
  const how = [...(version === undefined ? [] : ["--version", version]), ...(cluster ? ["--cluster"] : []), ...(tls ? ["--tls"] : [])]; // biome-ignore format: one line
  const before = await services("status");
  const [service] = (await services("up", name, ...how)).slice(-1);
  if (service === undefined) throw new Error(`./dev services up ${name} printed no line of JSON`);
  const ran = before.some(({ url }) => url === service.url);
  return {
    service,
    ...(service.pid !== null && {
      async restart(awayMs: number) {
        await services("restart", name, ...how, "--away", String(awayMs));
      },
    }),
    async release() {
      if (!ran) await services("down", name, ...how);
    },
  };
}
