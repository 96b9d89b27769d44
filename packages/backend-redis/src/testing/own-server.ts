import { rm } from "node:fs/promises";
import { Redis } from "ioredis";
import { down, up } from "../../../../tooling/services/lifecycle.ts";
import { instancesFolder } from "../../../../tooling/services/places.ts";

/** A server for one test file, which may do with it what it likes. */
export interface OwnServer {
  readonly url: string;
  /** For commands to the server itself. */
  readonly admin: Redis;
  end(): Promise<void>;
}

export async function ownServer(): Promise<OwnServer> {
  process.env.DISPATCH_SERVICES_SET = `backend-redis-${process.pid}`;
  process.env.DISPATCH_TEST_REDIS_URL = "";
  const { url } = await up("redis");
  const admin = new Redis(url);
  return {
    url,
    admin,
    async end() {
      admin.disconnect();
      await down("redis");
      await rm(instancesFolder(), { recursive: true, force: true });
    },
  };
}
