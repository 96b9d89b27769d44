/** The server of a benchmark, and what it says of itself. */
import { Redis } from "ioredis";
import { up } from "../../services/lifecycle.ts";

export interface Server {
  readonly url: string;
  /** µs of CPU so far. */
  cpu(): Promise<number>;
  /** Bytes that its data takes. */
  bytes(): Promise<number>;
  /** Forgets everything: for a server that only benchmarks use. */
  clear(): Promise<void>;
  close(): void;
}

/** Of a set of instances of its own, so that nobody else's tasks are counted, or cleared. */
export async function benchServer(): Promise<Server> {
  process.env.DISPATCH_SERVICES_SET = "bench";
  process.env.DISPATCH_TEST_REDIS_URL = "";
  const { url } = await up("redis");
  const admin = new Redis(url);
  const read = async (section: string, key: string) => {
    const [, value] = new RegExp(`^${key}:([\\d.]+)`, "m").exec(await admin.info(section)) ?? [];
    return Number(value);
  };
  return {
    url,
    cpu: async () => ((await read("cpu", "used_cpu_user")) + (await read("cpu", "used_cpu_sys"))) * 1_000_000,
    bytes: () => read("memory", "used_memory_dataset"),
    clear: async () => void (await admin.flushall()),
    close: () => admin.disconnect(),
  };
}
