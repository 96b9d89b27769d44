/** The servers of each form of Redis or Valkey: which there are, and their configuration files. Pure. */
import type { Form, Site } from "../service.ts";

/** What sentinels call the master. */
export const MASTER_NAME = "dispatch";

/** Over TLS, the one user that may log in. It may use what an adapter needs, and only keys and channels that start with `dispatch`. */
export const USER = "dispatch";
export const PASSWORD = "canary-password-7c1d";

/** Masters, and as many replicas. */
const CLUSTER_MASTERS = 3;
const SENTINELS = 3;
const DOWN_AFTER_MS = 1_000;

export interface Node {
  readonly name: string;
  readonly port: number;
  readonly sentinel: boolean;
  /** Lines of its configuration file, beside those that all have. */
  readonly settings: readonly string[];
}

export function portCount(form: Form): number {
  if (form === "cluster") return CLUSTER_MASTERS * 2 * 2;
  return form === "sentinel" ? 2 + SENTINELS : 1;
}

export function nodesOf({ form, folder, ports }: Pick<Site, "form" | "folder" | "ports">): readonly Node[] {
  if (form === "cluster") return clusterNodes(ports);
  if (form === "sentinel") return sentinelNodes(ports);
  const [port = 0] = ports;
  return [{ name: "node-1", port, sentinel: false, settings: form === "tls" ? tls(port, folder) : [`port ${port}`] }];
}

/** The whole configuration file of a node whose own folder is `folder`. */
export function configurationOf({ sentinel, settings }: Node, folder: string): string {
  const data = sentinel ? [] : ["appendonly yes", 'save ""'];
  return [...["bind 127.0.0.1", `dir ${folder}`], ...data, ...settings, ""].join("\n");
}

/**
 * The access list of the TLS form. The default user may not log in, and keeps its rights: as that user Redis 7.0 loads the transactions of its append-only
 * file, and without them it would come back empty.
 */
export function accessList(): string {
  return `user default off ~* &* +@all
user ${USER} on >${PASSWORD} ~dispatch* ~{dispatch* &dispatch* &{dispatch* +@all -@dangerous +info
`;
}

function clusterNodes(ports: readonly number[]): Node[] {
  const count = CLUSTER_MASTERS * 2;
  return ports.slice(0, count).map((port, index) => ({
    name: `node-${index + 1}`,
    port,
    sentinel: false,
    settings: [
      `port ${port}`,
      "cluster-enabled yes",
      // Its default, the port and ten thousand, is no port for many.
      `cluster-port ${ports[count + index]}`,
      "cluster-config-file nodes.conf",
      "cluster-node-timeout 2000",
      "cluster-announce-ip 127.0.0.1",
      "repl-diskless-sync-delay 0",
    ],
  }));
}

function sentinelNodes([master = 0, replica = 0, ...sentinels]: readonly number[]): Node[] {
  const quorum = Math.floor(SENTINELS / 2) + 1;
  return [
    { name: "node-1", port: master, sentinel: false, settings: [`port ${master}`, "repl-diskless-sync-delay 0"] },
    {
      name: "node-2",
      port: replica,
      sentinel: false,
      settings: [`port ${replica}`, "repl-diskless-sync-delay 0", `replicaof 127.0.0.1 ${master}`],
    },
    ...sentinels.map((port, index) => ({
      name: `sentinel-${index + 1}`,
      port,
      sentinel: true,
      settings: [
        `port ${port}`,
        `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${master} ${quorum}`,
        `sentinel down-after-milliseconds ${MASTER_NAME} ${DOWN_AFTER_MS}`,
        `sentinel failover-timeout ${MASTER_NAME} 5000`,
        `sentinel parallel-syncs ${MASTER_NAME} 1`,
      ],
    })),
  ];
}

function tls(port: number, folder: string): string[] {
  return [
    "port 0",
    `tls-port ${port}`,
    `tls-cert-file ${folder}/certificates/server.crt`,
    `tls-key-file ${folder}/certificates/server.key`,
    `tls-ca-cert-file ${folder}/certificates/ca.crt`,
    "tls-auth-clients optional",
    `aclfile ${folder}/users.acl`,
  ];
}
