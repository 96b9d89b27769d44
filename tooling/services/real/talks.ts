/** How the tests leave a mark on each service and find it again, by the plainest words of its protocol. */
import { readFile, writeFile } from "node:fs/promises";
import { expect } from "vitest";
import { askKafka, int16, int32, type KafkaAddress, text } from "../kafka/wire.ts";
import type { ServiceLine } from "../line.ts";
import { askRedis } from "../redis/resp.ts";
import { httpUrl } from "../sqs/address.ts";

export interface Talk {
  put(line: ServiceLine, mark: string): Promise<void>;
  /** Answers a text with every mark that is kept. Throws where the server does not answer. */
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

/** SQS: a message in a queue, looked at without taking it. */
export const sqsTalk: Talk = {
  put: async ({ url }, mark) => {
    await askSqs(url, { Action: "CreateQueue", QueueName: "mark" });
    await askSqs(await queueOf(url), { Action: "SendMessage", MessageBody: mark });
  },
  get: async ({ url }) => {
    const all = { Action: "ReceiveMessage", MaxNumberOfMessages: "10", VisibilityTimeout: "0" };
    return askSqs(await queueOf(url), all);
  },
};

async function queueOf(url: string): Promise<string> {
  const answer = await askSqs(url, { Action: "GetQueueUrl", QueueName: "mark" });
  return /<QueueUrl>(.*)<\/QueueUrl>/.exec(answer)?.[1] ?? "";
}

async function askSqs(url: string, fields: Readonly<Record<string, string>>): Promise<string> {
  // One of the servers tells by the scope of the signature which service is meant; neither checks it.
  const scope = "Credential=x/20200101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=x";
  const headers = { authorization: `AWS4-HMAC-SHA256 ${scope}` };
  return ask(httpUrl(url), { method: "POST", headers, body: new URLSearchParams(fields) });
}

/** RabbitMQ: a persistent message in a durable queue, by its HTTP API. */
export const rabbitmqTalk: Talk = {
  put: async (line, mark) => {
    await askRabbitmq(line, "PUT", "queues/%2F/mark", { durable: true, arguments: { "x-queue-type": "quorum" } });
    const message = {
      routing_key: "mark",
      payload: mark,
      payload_encoding: "string",
      properties: { delivery_mode: 2 },
    };
    const answer = await askRabbitmq(line, "POST", "exchanges/%2F/amq.default/publish", message);
    expect(JSON.parse(answer)).toEqual({ routed: true });
  },
  get: (line) =>
    askRabbitmq(line, "POST", "queues/%2F/mark/get", { count: 10, ackmode: "ack_requeue_true", encoding: "auto" }),
};

function askRabbitmq({ admin = "" }: ServiceLine, method: string, path: string, body: unknown): Promise<string> {
  const { username, password, host } = new URL(admin);
  const authorization = `Basic ${btoa(`${username}:${password}`)}`;
  return ask(`http://${host}/api/${path}`, { method, headers: { authorization }, body: JSON.stringify(body) });
}

/** Kafka: a topic by the name of the mark. */
export const kafkaTalk: Talk = {
  put: async (line, mark) => {
    const topic = Buffer.concat([text(topicOf(mark)), int32(1), int16(1), int32(0), int32(0)]);
    const body = Buffer.concat([int32(1), topic, int32(10_000), Buffer.from([0])]);
    const address = await kafkaAddressOf(line);
    // Only the controller makes topics, but a broker hands such a request on.
    const answer = await askKafka(address, { key: 19, version: 2, body });
    expect(answer.readInt16BE(4 + 4 + 2 + topicOf(mark).length), "error code").toBe(0);
  },
  get: async (line) => {
    const metadata = { key: 3, version: 1, body: int32(-1) };
    return (await askKafka(await kafkaAddressOf(line), metadata)).toString("latin1").replaceAll("_", " ");
  },
};

const topicOf = (mark: string): string => mark.replaceAll(" ", "_");

async function kafkaAddressOf({ url, ca }: ServiceLine): Promise<KafkaAddress> {
  const { username, password, hostname, port } = new URL(url.replace("kafka:", "http:").split(",")[0] ?? "");
  const place = { host: hostname, port: Number(port) };
  return ca === undefined ? place : { ...place, tls: { ca: await readFile(ca, "utf8"), username, password } };
}

/** Prometheus: a target with the mark as its label; what was scraped of it is kept. */
export const prometheusTalk: (folder: string) => Talk = (folder) => ({
  put: async (line, mark) => {
    const targets = [{ targets: [new URL(line.url).host], labels: { mark } }];
    await writeFile(`${folder}/targets.json`, JSON.stringify(targets));
    await expect.poll(() => scraped(line), { timeout: 20_000 }).toContain(mark);
  },
  get: scraped,
});

function scraped({ url }: ServiceLine): Promise<string> {
  return ask(`${url}/api/v1/query?query=${encodeURIComponent('last_over_time(up{mark!=""}[1h])')}`, {});
}

async function ask(url: string, init: RequestInit): Promise<string> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(5_000) });
  const said = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status}: ${said}`);
  return said;
}
