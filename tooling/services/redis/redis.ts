/** Redis and Valkey, whose servers are started alike. */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { run } from "../../command.ts";
import { makeCertificates } from "../certificates.ts";
import { debianRoot, type Suite, withLibraries } from "../debian/root.ts";
import { untilAnswers, untilReady } from "../readiness.ts";
import type { Config, Launch, Reach, Service, Site } from "../service.ts";
import { accessList, configurationOf, MASTER_NAME, type Node, nodesOf, PASSWORD, portCount, USER } from "./layout.ts";
import { askRedis, type RedisAddress } from "./resp.ts";

interface Release {
  readonly suite: Suite;
  readonly package: string;
}

export const redis: Service = makeService("redis", "7", {
  "7": { suite: "bookworm", package: "redis-server" },
  "8": { suite: "trixie", package: "redis-server" },
});

export const valkey: Service = makeService("valkey", "9", {
  "8": { suite: "trixie", package: "valkey-server" },
  "9": { suite: "forky", package: "valkey-server" },
});

function makeService(name: string, defaultVersion: string, releases: Readonly<Record<string, Release>>): Service {
  const rootOf = (version: string) => {
    const release = releases[version];
    if (release === undefined) throw new Error(`there is no ${name} ${version}`);
    return debianRoot(`${name}-${version}`, release.suite, [release.package]);
  };

  /** The words that start a program of the packages: `server` or `cli`. */
  const programOf = async (version: string, program: string) =>
    withLibraries(await rootOf(version), `${name}-${program}`);

  async function startNode(site: Site, node: Node, server: readonly string[], launch: Launch): Promise<void> {
    const folder = `${site.folder}/${node.name}`;
    await mkdir(folder, { recursive: true });
    const file = `${folder}/${node.sentinel ? "sentinel" : "server"}.conf`;
    // Sentinels write into these files who is master now: that must outlive a restart.
    if (!existsSync(file)) await writeFile(file, configurationOf(node, folder));
    const argv = [...server, file, ...(node.sentinel ? ["--sentinel"] : [])];
    const started = await launch({ name: node.name, argv });
    const address = await addressOf(site, node.port);
    await untilAnswers(started, folder, async () => (await askRedis(address, "PING")) === "PONG");
  }

  async function start(site: Site, launch: Launch): Promise<void> {
    const server = await programOf(site.version, "server");
    if (site.form === "tls" && !existsSync(`${site.folder}/users.acl`)) {
      await makeCertificates(`${site.folder}/certificates`, "client");
      await writeFile(`${site.folder}/users.acl`, accessList());
    }
    const nodes = nodesOf(site);
    // One after the other: a sentinel, and a replica, wants to see its master.
    for (const node of nodes) await startNode(site, node, server, launch);
    if (site.form === "cluster") await joinCluster(nodes, await programOf(site.version, "cli"));
    if (site.form === "sentinel") await untilReady("the sentinels", () => areSentinelsReady(nodes));
  }

  return {
    name,
    versions: Object.keys(releases),
    defaultVersion,
    forms: ["single", "cluster", "sentinel", "tls"],
    portCount,
    install: async (version) => void (await rootOf(version)),
    start,
    reach,
    release: releaseOf,
    configOf,
    inDocker: true,
  };
}

/** Makes the cluster where it is none yet, and waits until all of its servers agree, and the replicas have copied their masters. */
async function joinCluster(nodes: readonly Node[], cli: readonly string[]): Promise<void> {
  const [first] = nodes;
  if (/cluster_known_nodes:1\r/.test(await askRedis(at(first), "CLUSTER", "INFO"))) {
    const places = nodes.map(({ port }) => `127.0.0.1:${port}`);
    const words = ["--cluster", "create", ...places, "--cluster-replicas", "1", "--cluster-yes"];
    const { code, output } = await run([...cli, ...words]);
    if (code !== 0) throw new Error(`the cluster was not made: ${output.trim()}`);
  }
  for (const node of nodes)
    await untilReady(`the cluster at port ${node.port}`, async () => {
      const [cluster, replication] = [
        await askRedis(at(node), "CLUSTER", "INFO"),
        await askRedis(at(node), "INFO", "replication"),
      ];
      return cluster.includes("cluster_state:ok") && !replication.includes("master_link_status:down");
    });
}

/** Every sentinel sees the others, and the replica that would take over. */
async function areSentinelsReady(nodes: readonly Node[]): Promise<boolean> {
  const sentinels = nodes.filter(({ sentinel }) => sentinel);
  for (const node of sentinels) {
    const quorum = await askRedis(at(node), "SENTINEL", "CKQUORUM", MASTER_NAME);
    const replicas = await askRedis(at(node), "SENTINEL", "REPLICAS", MASTER_NAME);
    if (!quorum.startsWith(`OK ${sentinels.length} `) || !/^master-link-status\nok$/m.test(replicas)) return false;
  }
  return true;
}

function at(node: Node | undefined): RedisAddress {
  return { url: `redis://127.0.0.1:${node?.port}` };
}

async function addressOf(site: Site, port: number): Promise<RedisAddress> {
  if (site.form !== "tls") return { url: `redis://127.0.0.1:${port}` };
  const { url, ca = "" } = reach(site);
  return { url, ca: await readFile(ca, "utf8") };
}

function reach(site: Site): Reach {
  if (site.form === "tls") {
    const url = `rediss://${USER}:${PASSWORD}@127.0.0.1:${site.ports[0]}`;
    return { url, config: configOf(url), ca: `${site.folder}/certificates/ca.crt` };
  }
  const nodes = nodesOf(site).filter(({ sentinel }) => sentinel === (site.form === "sentinel"));
  const query = site.form === "sentinel" ? `?sentinel=${MASTER_NAME}` : "";
  const url = nodes.map(({ port }) => `redis://127.0.0.1:${port}${query}`).join(",");
  return { url, config: configOf(url) };
}

function configOf(url: string): Config {
  return { backend: "redis", url };
}

async function releaseOf(url: string): Promise<string> {
  const info = await askRedis({ url: url.split(",")[0] ?? url }, "INFO", "server");
  return (/valkey_version:(\S+)/.exec(info) ?? /redis_version:(\S+)/.exec(info))?.[1] ?? "unknown";
}
