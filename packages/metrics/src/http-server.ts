import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Looker } from "./looker.ts";
import type { Metrics } from "./metrics.ts";

export interface ServeOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** The queue of `/scale`; default: the one that was first heard of. */
  readonly queue?: string | undefined;
  /** Asks the broker how the queue stands, so that an observer is told; before an answer, once a second at most. A backend without `depth` has none. */
  readonly look?: (() => Promise<unknown>) | undefined;
}

/** A server that listens. */
export interface MetricsServer {
  /** Where, with the port that it got. */
  readonly url: string;
  /** Waits for a `look` that is under way, for 3 s at most. */
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const TEXT = "text/plain; charset=utf-8";
const JSON_TYPE = "application/json; charset=utf-8";

/** What a target may begin with: a server has to take an absolute one (RFC 9112, 3.2.2). */
const ORIGIN = /^https?:\/\/[^/?]*/i;

/** Not what was thrown: a collector that is the user's own may say anything, as the address of its database with the password. */
const FAILED = "this page could not be made; `await registry.metrics()` in its process says why\n";

/** Serves `/metrics`, `/livez`, `/readyz` and `/scale`, to GET and HEAD. Rejects with the system's error where it cannot listen there. */
export async function serveMetrics(metrics: Metrics, options: ServeOptions): Promise<MetricsServer> {
  const looker = new Looker(options.look);
  const pages: Readonly<Record<string, () => Promise<Answer>>> = {
    "/metrics": async () => {
      await looker.look();
      return { status: 200, type: metrics.registry.contentType, body: await metrics.registry.metrics() };
    },
    "/livez": async () => ({ status: 200, type: TEXT, body: "ok\n" }),
    "/readyz": async () => {
      await looker.look();
      const readiness = metrics.readiness();
      return { status: readiness.ready ? 200 : 503, type: JSON_TYPE, body: `${JSON.stringify(readiness)}\n` };
    },
    "/scale": async () => {
      await looker.look();
      return { status: 200, type: JSON_TYPE, body: `${JSON.stringify(metrics.scale(options.queue))}\n` };
    },
  };
  const server = createServer((request, response) => void answer(pages, request, response));
  await listening(server, options);
  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await looker.idle();
    },
  };
}

async function answer(
  pages: Readonly<Record<string, () => Promise<Answer>>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path = ""] = (request.url ?? "").replace(ORIGIN, "").split("?", 1);
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  const isRead = request.method === "GET" || request.method === "HEAD";
  let said: Answer;
  if (page === undefined) said = { status: 404, type: TEXT, body: `there are ${Object.keys(pages).join(", ")}\n` };
  else if (!isRead) said = { status: 405, type: TEXT, body: "only GET and HEAD\n" };
  else said = await page().catch(() => ({ status: 500, type: TEXT, body: FAILED }));
  response.writeHead(said.status, {
    "content-type": said.type,
    "cache-control": "no-store",
    ...(said.status === 405 && { allow: "GET, HEAD" }),
  });
  response.end(request.method === "HEAD" ? undefined : said.body);
}

function listening(server: Server, { host, port }: ServeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
