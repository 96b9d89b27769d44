/** The first words of AMQP 0-9-1: enough to hear which release a server is. */
import { once } from "node:events";
import { connect } from "node:net";

const ANSWER_MS = 2_000;
const USUAL_PORT = 5672;

/** Greets the server and answers with its release. Over TLS only a connection is tried, by its address. */
export async function askRelease(url: string): Promise<string> {
  const { hostname, port, protocol } = new URL(url);
  const socket = connect(Number(port || (protocol === "amqps:" ? USUAL_PORT - 1 : USUAL_PORT)), hostname);
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`${hostname}:${port} does not answer`)));
  try {
    await once(socket, "connect");
    if (protocol === "amqps:") return "given";
    socket.write(Buffer.from("AMQP\0\0\x09\x01", "latin1"));
    let received = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer]);
      const release = releaseIn(received);
      if (release !== undefined) return release;
    }
    throw new Error("the connection ended before the greeting");
  } finally {
    socket.destroy();
  }
}

/** Finds the field `version` of the server's properties: its name, `S`, a length of 32 bits, the text. */
export function releaseIn(greeting: Buffer): string | undefined {
  const name = Buffer.from("\x07versionS", "latin1");
  const at = greeting.indexOf(name);
  const start = at + name.length + 4;
  if (at < 0 || greeting.length < start) return undefined;
  const end = start + greeting.readUInt32BE(start - 4);
  return greeting.length < end ? undefined : greeting.toString("utf8", start, end);
}
