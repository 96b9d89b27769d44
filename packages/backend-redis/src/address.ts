import { DispatchError } from "@org/dispatch-core";
import { checkWhole } from "@org/dispatch-core/adapter-kit";
import type { ClusterNode, RedisOptions as IoredisOptions } from "ioredis";
import type { RedisBackendOptions } from "./options.ts";

/** Where a server is, as ioredis is told; `nodes`: of a cluster. */
export interface Address {
  readonly nodes: readonly ClusterNode[] | undefined;
  readonly options: IoredisOptions;
}

/** Without it ioredis speaks to the master without TLS, password included, whatever `tls` says. */
const BEHIND_SENTINELS: IoredisOptions = { enableTLSForSentinelMode: true };

/** Puts URL and single options together; where both say the same, the single option wins. Throws `CONFIG_INVALID`, and never shows a password. */
export function addressOf(from: RedisBackendOptions): Address {
  const urls = urlsOf(from.url ?? "");
  const [first] = urls;
  const { host = first?.host, username = first?.username, password = first?.password } = from;
  const port = checkWhole("redis: port", from.port ?? first?.port ?? 6379, 1, 65_535);
  const db = checkWhole("redis: db", from.db ?? first?.db ?? 0, 0, 65_535);
  const tls = from.tls ?? first?.tls ?? false;
  const options: IoredisOptions = {
    ...from.connection,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(db > 0 && { db }),
    ...(tls !== false && { tls: tls === true ? {} : tls }),
  };
  if (first?.sentinel !== undefined) {
    const sentinels = urls.map((url) => ({ host: url.host ?? "127.0.0.1", port: url.port ?? 26_379 }));
    const sentinelTLS = options.tls && { sentinelTLS: options.tls };
    return {
      nodes: undefined,
      options: { ...BEHIND_SENTINELS, ...sentinelTLS, ...options, sentinels, name: first.sentinel },
    };
  }
  if (from.cluster !== true && urls.length < 2) {
    if (options.sentinels !== undefined) return { nodes: undefined, options: { ...BEHIND_SENTINELS, ...options } };
    if (options.path !== undefined) return { nodes: undefined, options };
    return {
      nodes: undefined,
      options: {
        ...options,
        host: host ?? options.host ?? "127.0.0.1",
        port: from.port ?? first?.port ?? options.port ?? port,
      },
    };
  }
  if (db > 0) throw invalid("a cluster has no database but 0");
  const others = urls.slice(1).map((url) => ({ host: url.host ?? "127.0.0.1", port: url.port ?? 6379 }));
  return { nodes: [{ host: host ?? "127.0.0.1", port }, ...others], options };
}

interface Read {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number | undefined;
  readonly tls: boolean;
  /** The name of the master that this address is a sentinel of. */
  readonly sentinel: string | undefined;
}

/** The first says for all what a URL can say beside host and port; the others may say the same. */
function urlsOf(text: string): readonly Read[] {
  const [start = "", ...more] = text.split(",").filter((part) => part !== "");
  if (start === "") return [];
  if (more.some((part) => part.includes("@") && !part.includes("://")))
    throw invalid("a comma in a user or a password is written %2C");
  const first = read(start.includes("://") ? start : `redis://${start}`);
  const others = more.map((part) => read(part.includes("://") ? part : `${first.tls ? "rediss" : "redis"}://${part}`));
  const differs = (key: keyof Read) => others.some((url) => url[key] !== undefined && url[key] !== first[key]);
  const key = (["tls", "username", "password", "db", "sentinel"] as const).find(differs);
  if (key !== undefined) throw invalid(`the URLs differ in ${key}, which is one for all of them`);
  return [first, ...others];
}

function read(whole: string): Read {
  if (!URL.canParse(whole)) throw invalid("the URL cannot be read");
  const url = new URL(whole);
  if (!["redis:", "rediss:"].includes(url.protocol))
    throw invalid(`"${url.protocol}" is no URL of Redis; those are redis: and rediss:`);
  const sentinel = url.searchParams.get("sentinel") ?? undefined;
  if ([...url.searchParams.keys()].some((key) => key !== "sentinel") || url.hash !== "")
    throw invalid("a URL says host, port, user, password, database and sentinel; the rest are options");
  const path = url.pathname.replace(/^\/|\/$/g, "");
  if (!/^\d*$/.test(path)) throw invalid("the path of the URL is not the number of a database");
  return {
    host: url.hostname === "" ? undefined : decoded(url.hostname).replace(/^\[|\]$/g, ""),
    port: url.port === "" ? undefined : Number(url.port),
    username: url.username === "" ? undefined : decoded(url.username),
    password: url.password === "" ? undefined : decoded(url.password),
    db: path === "" ? undefined : Number(path),
    tls: url.protocol === "rediss:",
    sentinel,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid("the URL holds a % that encodes nothing");
  }
}

function invalid(message: string): DispatchError {
  return new DispatchError("CONFIG_INVALID", `redis: ${message}`);
}
