import type { KafkajsBroker } from "./cluster.ts";

/** A request of our own: kafkajs's take a buffer for each field that is a list, and another two for the whole, each cleared before it is written. */
export interface ProtocolRequest<R> {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  /** Behind the header. */
  readonly bytes: number;
  write(into: Buffer, from: number): void;
  read(answer: Buffer): Answer<R> | Promise<Answer<R>>;
}

export interface Answer<R> {
  readonly answer: R;
  /** Nothing more is to be asked for so long. */
  readonly throttleMs: number;
}

/** Size, request and version, number, and before the client's name its length. */
const HEADER_BYTES = 14;

/** Sends it over the connections that kafkajs has for it, made and authenticated by kafkajs, as kafkajs sends its own. */
export async function ask<R>(broker: KafkajsBroker, request: ProtocolRequest<R>): Promise<R> {
  const { apiKey, apiName, apiVersion } = request;
  const connection = await broker.connectionPool.getConnectionByRequest({ request });
  if (!connection.isAuthenticated()) await connection.authenticate();
  try {
    const payload = await new Promise<Buffer>((resolve, reject) => {
      connection.failIfNotConnected();
      const correlationId = connection.nextCorrelationId();
      connection.requestQueue.push({
        entry: { apiKey, apiName, apiVersion, correlationId, resolve: (answer) => resolve(answer.payload), reject },
        expectResponse: true,
        sendRequest: () => connection.socket.write(framed(request, correlationId, connection.clientId)),
      });
    });
    const { answer, throttleMs } = await request.read(payload);
    connection.requestQueue.maybeThrottle(throttleMs);
    return answer;
  } catch (error) {
    if (error instanceof Error && error.name === "KafkaJSConnectionClosedError") await broker.disconnect();
    throw error;
  }
}

function framed<R>(request: ProtocolRequest<R>, correlationId: number, clientId: string): Buffer {
  const name = Buffer.from(clientId);
  const bytes = HEADER_BYTES + name.length + request.bytes;
  const into = Buffer.allocUnsafe(bytes);
  let at = into.writeInt32BE(bytes - 4, 0);
  at = into.writeInt16BE(request.apiKey, at);
  at = into.writeInt16BE(request.apiVersion, at);
  at = into.writeInt32BE(correlationId, at);
  at = into.writeInt16BE(name.length, at);
  into.set(name, at);
  request.write(into, at + name.length);
  return into;
}
