/** A few words with a Redis server over one short connection: enough to ask whether it is well. */
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

const ANSWER_MS = 2_000;

export interface RedisAddress {
  /** `redis://` or `rediss://`, with user and password if there are any. */
  readonly url: string;
  /** Whom to trust with `rediss://`, in PEM; default: whom Node trusts. */
  readonly ca?: string;
}

/** Sends one command and answers with what came back, as text: the items of arrays each on a line. Throws what the server refuses. */
export async function askRedis({ url, ca }: RedisAddress, ...words: readonly string[]): Promise<string> {
  const { protocol, hostname, port, username, password } = new URL(url);
  const place = { host: hostname, port: Number(port || 6379) };
  const secret = decodeURIComponent(password);
  const login = secret === "" ? [] : [["AUTH", ...(username === "" ? [] : [decodeURIComponent(username)]), secret]];
  const commands = [...login, words];
  const socket = protocol === "rediss:" ? connectTls({ ...place, ...(ca && { ca }) }) : connectPlain(place);
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`${hostname}:${port} does not answer`)));
  try {
    socket.write(commands.map(encode).join(""));
    const answers = await readReplies(socket, commands.length);
    return answers.at(-1) ?? "";
  } finally {
    socket.destroy();
  }
}

function encode(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}

async function readReplies(socket: Socket, count: number): Promise<string[]> {
  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer]);
    const replies = parseReplies(received, count);
    if (replies !== undefined) return replies;
  }
  throw new Error("the connection ended before the answer");
}

/** The first `count` replies (RESP 2) in `bytes`, each as text; `undefined` while they are not all there. Throws the first that is an error. */
export function parseReplies(bytes: Buffer, count: number): string[] | undefined {
  let at = 0;
  const next = (): string | undefined => {
    const end = bytes.indexOf("\r\n", at);
    if (end < 0) return undefined;
    const kind = String.fromCharCode(bytes[at] ?? 0);
    const text = bytes.toString("utf8", at + 1, end);
    at = end + 2;
    if (kind === "-") throw new Error(text);
    if (kind === "$") return bulk(Number(text));
    if (kind === "*") return list(Number(text));
    return text;
  };
  const bulk = (length: number): string | undefined => {
    if (length < 0) return "";
    if (bytes.length < at + length + 2) return undefined;
    at += length + 2;
    return bytes.toString("utf8", at - length - 2, at - 2);
  };
  const list = (length: number): string | undefined => {
    const items = take(Math.max(0, length));
    return items?.join("\n");
  };
  const take = (wanted: number): string[] | undefined => {
    const items: string[] = [];
    while (items.length < wanted) {
      const item = next();
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  };
  return take(count);
}
