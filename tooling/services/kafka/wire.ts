/** A few words of Kafka's protocol over one short connection: enough to ask whether a broker is well, and to make and list topics. */
import { once } from "node:events";
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

const ANSWER_MS = 5_000;

export interface KafkaAddress {
  readonly host: string;
  readonly port: number;
  /** For TLS: whom to trust, in PEM, and the login. */
  readonly tls?: { readonly ca: string; readonly username: string; readonly password: string };
}

/** A request: which kind, in which version, and its body. */
export interface Request {
  readonly key: number;
  readonly version: number;
  readonly body: Buffer;
}

export const apiVersions: Request = { key: 18, version: 0, body: Buffer.alloc(0) };

/** Sends requests one after the other, and answers with the last one's body. */
export async function askKafka({ host, port, tls }: KafkaAddress, ...requests: readonly Request[]): Promise<Buffer> {
  const socket: Socket = tls === undefined ? connectPlain(port, host) : connectTls({ host, port, ca: tls.ca });
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`${host}:${port} does not answer`)));
  try {
    await once(socket, tls === undefined ? "connect" : "secureConnect");
    const login = tls === undefined ? [] : [sasl(), authenticate(tls)];
    let answer: Buffer = Buffer.alloc(0);
    for (const request of [...login, ...requests]) {
      socket.write(encode(request));
      answer = await readAnswer(socket);
      if (request.key === AUTHENTICATE && answer.readInt16BE(0) !== 0) throw new Error("the login was refused");
    }
    return answer;
  } finally {
    socket.destroy();
  }
}

const HANDSHAKE = 17;
const AUTHENTICATE = 36;

const sasl = (): Request => ({ key: HANDSHAKE, version: 1, body: text("PLAIN") });

function authenticate({ username, password }: { readonly username: string; readonly password: string }): Request {
  const bytes = Buffer.from(`\0${username}\0${password}`);
  return { key: AUTHENTICATE, version: 0, body: Buffer.concat([int32(bytes.length), bytes]) };
}

function encode({ key, version, body }: Request): Buffer {
  const header = Buffer.concat([int16(key), int16(version), int32(1), int16(-1)]);
  return Buffer.concat([int32(header.length + body.length), header, body]);
}

/** Reads one answer, without its length and correlation id. */
async function readAnswer(socket: Socket): Promise<Buffer> {
  let received = Buffer.alloc(0);
  while (received.length < 4 || received.length < 4 + received.readInt32BE(0)) {
    const ended = Promise.withResolvers<never>();
    const end = () => ended.reject(new Error("the connection ended before the answer"));
    socket.once("close", end);
    const [chunk] = (await Promise.race([once(socket, "data"), ended.promise])) as [Buffer];
    socket.off("close", end);
    received = Buffer.concat([received, chunk]);
  }
  return received.subarray(8);
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export function text(value: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
}
