import type { ConnectionOptions } from "node:tls";
import { DispatchError } from "@org/dispatch-core";
import { checkWhole } from "@org/dispatch-core/adapter-kit";

export interface AddressOptions {
  /**
   * `amqp://` or `amqps://`, with user, password and virtual host; several with commas: nodes of one cluster, of which those without a scheme have the
   * first one's, and its user and virtual host. Default `amqp://127.0.0.1`.
   */
  readonly url?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Default `/`. */
  readonly virtualHost?: string | undefined;
  /** `true`, or Node's own options of TLS: certificates, say. */
  readonly tls?: boolean | ConnectionOptions | undefined;
  /** `external`: the server knows who is there by the certificate. Default `plain`: user and password. */
  readonly auth?: "plain" | "external" | undefined;
}

/** Where one node is, and who knocks. */
export interface Node {
  readonly protocol: "amqp" | "amqps";
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly virtualHost: string;
}

/** Where a cluster's nodes are. */
export interface Address {
  readonly nodes: readonly [Node, ...Node[]];
  readonly tls: ConnectionOptions;
  readonly isExternal: boolean;
}

/** Puts URL and single options together; where both say the same, the single option wins. Throws `CONFIG_INVALID`, and never shows a password. */
export function addressOf(from: AddressOptions): Address {
  const [first = {}, ...more] = readAll(from.url ?? "");
  if (more.length > 0 && (from.host !== undefined || from.port !== undefined))
    throw invalid("the URL names several nodes, so host and port are said already; keep one of the two");
  const auth = from.auth ?? [first, ...more].find((url) => url.auth !== undefined)?.auth ?? "plain";
  if (auth !== "plain" && auth !== "external") throw invalid(`auth is plain or external, not "${String(auth)}"`);
  const nodes = [first, ...more].map((url) => nodeOf(from, url));
  for (const key of ["protocol", "virtualHost"] as const) {
    const said = new Set(nodes.map((node) => node[key]));
    if (said.size > 1) throw invalid(`the URL says ${[...said].join(" and ")} of nodes of one cluster; keep one`);
  }
  if (auth === "external" && nodes[0]?.protocol !== "amqps")
    throw invalid("auth external needs TLS: the certificate says who is there");
  return {
    nodes: nodes as [Node, ...Node[]],
    tls: typeof from.tls === "object" ? from.tls : {},
    isExternal: auth === "external",
  };
}

interface Read {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly virtualHost?: string | undefined;
  readonly tls?: boolean;
  readonly auth?: "plain" | "external" | undefined;
}

function nodeOf(from: AddressOptions, url: Read): Node {
  const tls = from.tls ?? url.tls ?? false;
  const isSecure = tls !== false;
  return {
    protocol: isSecure ? "amqps" : "amqp",
    hostname: from.host ?? url.host ?? "127.0.0.1",
    port: checkWhole("rabbitmq: port", from.port ?? url.port ?? (isSecure ? 5671 : 5672), 1, 65_535),
    username: from.username ?? url.username ?? "guest",
    password: from.password ?? url.password ?? "guest",
    virtualHost: from.virtualHost ?? url.virtualHost ?? "/",
  };
}

/** A node without a scheme is one more of those before it: in clear, or as somebody else, nobody is to knock who was not told to. */
function readAll(text: string): Read[] {
  const all: Read[] = [];
  for (const part of text.split(",").map((each) => each.trim())) {
    if (part === "") continue;
    const [first] = all;
    if (first === undefined || part.includes("://")) all.push(read(part));
    else {
      const own = read(`${first.tls ? "amqps" : "amqp"}://${part}`);
      const { username, password } = own.username === undefined ? first : own;
      all.push({ ...own, username, password, virtualHost: own.virtualHost ?? first.virtualHost });
    }
  }
  return all;
}

/** https://www.rabbitmq.com/docs/uri-spec and, for `auth_mechanism`, https://www.rabbitmq.com/docs/uri-query-parameters. */
function read(text: string): Read {
  const whole = text.includes("://") ? text : `amqp://${text}`;
  if (!URL.canParse(whole)) throw invalid("the URL cannot be read");
  const url = new URL(whole);
  const isSecure = ["amqps:", "rabbitmqs:"].includes(url.protocol);
  if (!isSecure && !["amqp:", "rabbitmq:"].includes(url.protocol))
    throw invalid(`"${url.protocol}" is no URL of RabbitMQ; those are amqp: and amqps:`);
  const auth = url.searchParams.get("auth_mechanism")?.toLowerCase();
  if ([...url.searchParams.keys()].some((key) => key !== "auth_mechanism") || url.hash !== "")
    throw invalid("a URL says host, port, user, password, virtual host and auth_mechanism; the rest are options");
  if (auth !== undefined && auth !== "plain" && auth !== "external")
    throw invalid("auth_mechanism in a URL is plain or external");
  const path = url.pathname.slice(1);
  if (path.includes("/")) throw invalid("a slash within the virtual host is written %2F in a URL");
  return {
    host: url.hostname === "" ? undefined : decoded(url.hostname).replace(/^\[|\]$/g, ""),
    port: url.port === "" ? undefined : Number(url.port),
    username: url.username === "" ? undefined : decoded(url.username),
    // Who is named has no password but the one that stands there.
    password: url.password === "" && url.username === "" ? undefined : decoded(url.password),
    virtualHost: path === "" ? undefined : decoded(path),
    tls: isSecure,
    auth,
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
  return new DispatchError("CONFIG_INVALID", `rabbitmq: ${message}`);
}
