/** Kafka without ZooKeeper: each server is broker and controller. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { run } from "../../command.ts";
import { makeCertificates } from "../certificates.ts";
import { javaArchives, javaWords } from "../java/jars.ts";
import { untilAnswers, untilReady } from "../readiness.ts";
import type { Config, Launch, Service, Site } from "../service.ts";
import { type Broker, brokersOf, PASSWORD, portCount, propertiesOf, scramWords, USER } from "./layout.ts";
import { apiVersions, askKafka } from "./wire.ts";

const HEAP_MEGABYTES = 512;
const TOOL_HEAP_MEGABYTES = 128;

const archives = (version: string) =>
  javaArchives(`kafka-${version}`, [{ group: "org.apache.kafka", name: "kafka_2.13", version }]);

export const kafka: Service = {
  name: "kafka",
  versions: ["3.9.2", "4.3.1"],
  defaultVersion: "4.3.1",
  forms: ["single", "cluster", "tls"],
  portCount,
  install: async (version) => void (await archives(version)),
  async start(site, launch) {
    const brokers = brokersOf(site);
    if (site.form === "tls" && !existsSync(`${site.folder}/certificates/server.pem`)) await makeStore(site);
    const cluster = await clusterId(site);
    const words = await archives(site.version);
    // All at once: a broker of a cluster is not ready before most of its controllers are.
    await Promise.all(brokers.map((broker) => startBroker(site, broker, brokers, cluster, words, launch)));
    for (const { port } of brokers)
      await untilReady(`the brokers at port ${port}`, async () => (await knownBrokers(port)) === brokers.length);
  },
  reach(site) {
    const places = brokersOf(site).map(({ port, tlsPort }) => `127.0.0.1:${tlsPort ?? port}`);
    const login = site.form === "tls" ? `${USER}:${PASSWORD}@` : "";
    const url = `kafka://${login}${places.join(",")}`;
    const ca = `${site.folder}/certificates/ca.crt`;
    return { url, config: configOf(url), ...(site.form === "tls" && { ca }) };
  },
  async release(url) {
    const [host = "", port = "9092"] = bootstrapOf(url).split(",")[0]?.split(":") ?? [];
    await askKafka({ host, port: Number(port) }, apiVersions);
    return "given";
  },
  configOf,
  inDocker: true,
};

async function startBroker(
  site: Site,
  broker: Broker,
  brokers: readonly Broker[],
  cluster: string,
  words: string,
  launch: Launch,
): Promise<void> {
  const folder = `${site.folder}/${broker.name}`;
  const file = `${folder}/server.properties`;
  await mkdir(folder, { recursive: true });
  await writeFile(file, propertiesOf(broker, brokers, site.folder));
  if (!existsSync(`${folder}/data/meta.properties`)) {
    const format = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", file];
    const users = site.form === "tls" ? scramWords() : [];
    const { code, output } = await run(javaWords(words, TOOL_HEAP_MEGABYTES, ...format, ...users));
    if (code !== 0) throw new Error(`Kafka's storage was not formatted: ${output.trim()}`);
  }
  const log = `-Dkafka.logs.dir=${folder}/logs`;
  const server = await launch({ name: broker.name, argv: javaWords(words, HEAP_MEGABYTES, log, "kafka.Kafka", file) });
  await untilAnswers(server, folder, async () => {
    await askKafka({ host: "127.0.0.1", port: broker.port }, apiVersions);
    return true;
  });
}

/** How many brokers a broker knows: the array at the head of its metadata, with no topic asked for. */
async function knownBrokers(port: number): Promise<number> {
  const metadata = { key: 3, version: 1, body: Buffer.alloc(4) };
  return (await askKafka({ host: "127.0.0.1", port }, metadata)).readInt32BE(0);
}

/** The same at every start, and for all brokers. */
async function clusterId({ folder }: Site): Promise<string> {
  const file = `${folder}/cluster-id`;
  if (!existsSync(file)) await writeFile(file, randomBytes(16).toString("base64url").replace(/^-/, "A"));
  return readFile(file, "utf8");
}

async function makeStore({ folder }: Site): Promise<void> {
  const certificates = `${folder}/certificates`;
  await makeCertificates(certificates, USER);
  const parts = ["server.key", "server.crt", "ca.crt"].map((name) => readFile(`${certificates}/${name}`, "utf8"));
  await writeFile(`${certificates}/server.pem`, (await Promise.all(parts)).join(""), { mode: 0o600 });
}

const bootstrapOf = (url: string): string => url.replace(/^kafka:\/\/(?:[^@]*@)?/, "");

function configOf(url: string): Config {
  return { backend: "kafka", url };
}
