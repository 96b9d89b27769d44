/** How the tests leave a mark on each service and find it again, by the plainest words of its protocol. */
import { readFile } from "node:fs/promises";
import type { ServiceLine } from "../line.ts";
import { askRedis } from "../redis/resp.ts";

export interface Talk {
  put(line: ServiceLine, mark: string): Promise<void>;
  /** Answers the mark that was put last. */
  get(line: ServiceLine): Promise<string>;
}

const KEY = "dispatch:mark";

/** Redis in every form: with a cluster, the server that has the key; with sentinels, the master that they name. */
export const redisTalk: Talk = {
  put: async (line, mark) => void (await askKeeper(line, "SET", KEY, mark)),
  get: (line) => askKeeper(line, "GET", KEY),
};

async function askKeeper({ url, ca }: ServiceLine, ...words: readonly string[]): Promise<string> {
  const trust = ca === undefined ? {} : { ca: await readFile(ca, "utf8") };
  const urls = url.split(",");
  if (url.includes("?sentinel=")) {
    const name = new URL(urls[0] ?? "").searchParams.get("sentinel") ?? "";
    const [host, port] = (await askRedis({ url: urls[0] ?? "" }, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)).split(
      "\n",
    );
    return askRedis({ url: `redis://${host}:${port}` }, ...words);
  }
  for (const each of urls) {
    const answer = await askRedis({ url: each, ...trust }, ...words).catch((error: Error) => error);
    if (typeof answer === "string") return answer;
    if (!answer.message.startsWith("MOVED ")) throw answer;
  }
  throw new Error("no server has the key");
}
