/** Free ports of 127.0.0.1. */
import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";

/** Below the range from which Linux takes ports for outgoing connections, so that none of those takes a server's port while it restarts. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const TRIES = 1_000;

/** So many different ports on which nobody listens at the moment. All are held until the last is found. */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  for (let tried = 0; held.size < count; tried += 1) {
    if (tried === TRIES) throw new Error(`found only ${held.size} of ${count} free ports`);
    const port = randomInt(FIRST_PORT, LAST_PORT);
    const server = held.has(port) ? undefined : await listen(port);
    if (server !== undefined) held.set(port, server);
  }
  await Promise.all([...held.values()].map((server) => new Promise((resolve) => server.close(resolve))));
  return [...held.keys()];
}

function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => resolve(server));
  });
}
