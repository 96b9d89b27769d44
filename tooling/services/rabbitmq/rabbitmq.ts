/** RabbitMQ, from unpacked packages, each node with a root of its own: Erlang starts its parts by absolute paths. */
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { run } from "../../command.ts";
import { makeCertificates } from "../certificates.ts";
import { needPrograms } from "../debian/programs.ts";
import { debianRoot, inRoot, type Suite } from "../debian/root.ts";
import { untilAnswers, untilReady } from "../readiness.ts";
import type { Config, Launch, Service, Site } from "../service.ts";
import {
  advancedConfiguration,
  configurationOf,
  environmentOf,
  type Node,
  nodesOf,
  PASSWORD,
  portCount,
  USER,
} from "./layout.ts";
import { askRelease } from "./wire.ts";

const suites: Readonly<Record<string, Suite>> = { "3.10": "bookworm", "4.0": "trixie", "4.3": "forky" };

/** Programs of the package. Those of the same names in /usr/sbin want a user of the system. */
const BIN = "/usr/lib/rabbitmq/bin";

async function rootOf(version: string): Promise<string> {
  const suite = suites[version];
  if (suite === undefined) throw new Error(`there is no rabbitmq ${version}`);
  await needPrograms([{ program: "unshare", package: "util-linux" }]);
  return debianRoot(`rabbitmq-${version}`, suite, ["rabbitmq-server"]);
}

export const rabbitmq: Service = {
  name: "rabbitmq",
  versions: Object.keys(suites),
  defaultVersion: "4.3",
  forms: ["single", "cluster", "tls"],
  portCount,
  install: async (version) => void (await rootOf(version)),
  async start(site, launch) {
    const root = await rootOf(site.version);
    const nodes = nodesOf(site);
    const [first] = nodes as [Node];
    if (site.form === "tls" && !existsSync(`${site.folder}/certificates`))
      await makeCertificates(`${site.folder}/certificates`, USER);
    // A node that finds no mapper starts one that outlives it.
    const env = { ...environmentOf(first, site.ports[0]), HOME: site.folder };
    await launch({ name: "mapper", argv: inRoot(root, ["epmd"]), env, aside: true });
    await Promise.all(nodes.map((node) => startNode(site, node, root, launch)));
    if (site.form === "tls") await addUser(site, first, root);
    if (site.form === "cluster") for (const node of nodes) await untilJoined(site, node, root, nodes.length);
  },
  reach(site) {
    const nodes = nodesOf(site);
    const admin = `http://guest:guest@127.0.0.1:${nodes[0]?.managementPort}`;
    if (site.form === "tls") {
      const url = `amqps://${USER}:${PASSWORD}@127.0.0.1:${nodes[0]?.tlsPort}`;
      return { url, config: configOf(url), ca: `${site.folder}/certificates/ca.crt`, admin };
    }
    const url = nodes.map(({ port }) => `amqp://guest:guest@127.0.0.1:${port}`).join(",");
    return { url, config: configOf(url), admin };
  },
  release: (url) => askRelease(url.split(",")[0] ?? url),
  configOf,
  inDocker: true,
};

async function startNode(site: Site, node: Node, root: string, launch: Launch): Promise<void> {
  const { folder } = node;
  await mkdir(`${folder}/data`, { recursive: true });
  if (!existsSync(`${folder}/.erlang.cookie`))
    await writeFile(`${folder}/.erlang.cookie`, "dispatch-test", { mode: 0o400 });
  const plugins = `rabbitmq_management${site.form === "tls" ? ",rabbitmq_auth_mechanism_ssl" : ""}`;
  await writeFile(`${folder}/enabled_plugins`, `[${plugins}].\n`);
  await writeFile(`${folder}/rabbitmq.conf`, configurationOf(node, site));
  await writeFile(`${folder}/advanced.config`, advancedConfiguration);
  const pidFile = `${folder}/rabbit.pid`;
  const env = environmentOf(node, site.ports[0]);
  const server = await launch({ name: node.name, argv: inRoot(root, [`${BIN}/rabbitmq-server`]), env, pidFile });
  await untilAnswers(server, folder, async () => (await askRelease(`amqp://127.0.0.1:${node.port}`)) !== "");
  await control(site, node, root, "await_startup");
}

/** Runs rabbitmqctl on the first node of a site. Throws what it says where it fails. */
export async function controlFirst(site: Site, ...words: readonly string[]): Promise<string> {
  const [first] = nodesOf(site) as [Node];
  return control(site, first, await rootOf(site.version), ...words);
}

/** Throws what it says where it fails. */
async function control(site: Site, node: Node, root: string, ...words: readonly string[]): Promise<string> {
  const argv = inRoot(root, [`${BIN}/rabbitmqctl`, "-q", ...words]);
  const { code, stdout, output } = await run(argv, { env: environmentOf(node, site.ports[0]) });
  if (code !== 0) throw new Error(`rabbitmqctl ${words[0]} failed: ${output.trim()}`);
  return stdout;
}

async function addUser(site: Site, node: Node, root: string): Promise<void> {
  if ((await control(site, node, root, "list_users")).includes(USER)) return;
  await control(site, node, root, "add_user", USER, PASSWORD);
  await control(site, node, root, "set_permissions", "-p", "/", USER, ".*", ".*", ".*");
}

async function untilJoined(site: Site, node: Node, root: string, count: number): Promise<void> {
  await untilReady(`the cluster that ${node.name} sees`, async () => {
    const status = JSON.parse(await control(site, node, root, "cluster_status", "--formatter", "json"));
    return status.running_nodes.length === count;
  });
}

function configOf(url: string): Config {
  return { backend: "rabbitmq", url };
}
