/**
 * ElasticMQ: SQS in one Java process. Its messages lie on the disk, so that they outlive a restart, at 4 to 8 times the cost of a request; not so with
 * `DISPATCH_SQS_STORAGE=off`, for benchmarks: what they measure is the client.
 */
import { writeFile } from "node:fs/promises";
import { javaArchives, javaWords } from "../java/jars.ts";
import { untilAnswers } from "../readiness.ts";
import type { Service, Site } from "../service.ts";
import { answersAt, sqsConfig, sqsUrl } from "./address.ts";

const VERSION = "1.7.1";
const REGION = "elasticmq";
const HEAP_MEGABYTES = 256;

const archives = (version: string) =>
  javaArchives(`elasticmq-${version}`, [{ group: "org.elasticmq", name: "elasticmq-server_2.13", version }]);

export const sqs: Service = {
  name: "sqs",
  versions: [VERSION],
  defaultVersion: VERSION,
  forms: ["single"],
  portCount: () => 1,
  install: async (version) => void (await archives(version)),
  async start(site, launch) {
    const file = `${site.folder}/elasticmq.conf`;
    await writeFile(file, configurationOf(site));
    const words = [`-Dconfig.file=${file}`, "org.elasticmq.server.Main"];
    const server = await launch({
      name: "server",
      argv: javaWords(await archives(site.version), HEAP_MEGABYTES, ...words),
    });
    await untilAnswers(server, `${site.folder}/server`, () => answersAt(sqsUrl(site.ports[0]), "/health"));
  },
  reach({ ports }) {
    const url = sqsUrl(ports[0]);
    return { url, config: sqsConfig(url, REGION) };
  },
  async release(url) {
    await answersAt(url, "/");
    return "given";
  },
  configOf: (url) => sqsConfig(url, REGION),
  inDocker: true,
};

function configurationOf({ folder, ports }: Site): string {
  const [port] = ports;
  const isKept = process.env.DISPATCH_SQS_STORAGE !== "off";
  return `include classpath("application.conf")
node-address { protocol = http, host = "127.0.0.1", port = ${port}, context-path = "" }
rest-sqs { enabled = true, bind-hostname = "127.0.0.1", bind-port = ${port}, sqs-limits = strict }
rest-stats.enabled = false
queues-storage { enabled = ${isKept}, path = "${folder}/queues.conf" }
messages-storage {
  enabled = ${isKept}, driver-class = "org.h2.Driver", uri = "jdbc:h2:${folder}/data/elasticmq;WRITE_DELAY=0", username = "sa", password = ""
}
`;
}
