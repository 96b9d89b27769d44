import { rm } from "node:fs/promises";
import { Redis } from "ioredis";
import { down, up } from "../../../../tooling/services/lifecycle.ts";
import { instancesFolder } from "../../../../tooling/services/places.ts";

/** How long a server may take to start: the first one of a machine is fetched. */
export const START_MS = 300_000;

/** A server for one test file, which may do with it what it likes. */
export interface OwnServer {
  readonly url: string;
  /** For commands to the server itself. */
  readonly admin: Redis;
  end(): Promise<void>;
}

export async function ownServer(): Promise<OwnServer> {
  onlyOwn("own");
  const { url } = await up("redis");
  const admin = new Redis(url);
  return {
    url,
    admin,
    async end() {
      admin.disconnect();
      await endServers();
    },
  };
}

/** From now on servers that this process starts are nobody else's. */
export function ownSet(name: string): void {
  process.env.DISPATCH_SERVICES_SET = `backend-redis-${name}-${process.pid}`;
}

/** A server that somebody has given is not taken: what is done to it would be done to theirs. */
export function onlyOwn(name: string): void {
  ownSet(name);
  process.env.DISPATCH_TEST_REDIS_URL = "";
}

/** Ends all servers of the set. */
export async function endServers(): Promise<void> {
  await down("all");
  await rm(instancesFolder(), { recursive: true, force: true });
}
