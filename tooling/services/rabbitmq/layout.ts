/** RabbitMQ's nodes: which there are, and their configuration. Pure. */
import type { Form, Site } from "../service.ts";

/** Over TLS: the user, by password or by the certificate of its name. */
export const USER = "dispatch";
export const PASSWORD = "canary-password-7c1d";

const CLUSTER_NODES = ["a", "b", "c"];
const PORTS_EACH = 4;

export interface Node {
  readonly name: string;
  /** Its own folder. */
  readonly folder: string;
  /** For clients. */
  readonly port: number;
  readonly tlsPort: number;
  /** Between nodes. */
  readonly distributionPort: number;
  /** The HTTP API. */
  readonly managementPort: number;
}

const namesOf = (form: Form): readonly string[] => (form === "cluster" ? CLUSTER_NODES : ["a"]);

/** One more than its nodes need: they find each other by a mapper that they share. */
export function portCount(form: Form): number {
  return 1 + namesOf(form).length * PORTS_EACH;
}

export function nodesOf({ form, folder, ports }: Pick<Site, "form" | "folder" | "ports">): readonly Node[] {
  return namesOf(form).map((name, index) => {
    const first = 1 + index * PORTS_EACH;
    const [port = 0, tlsPort = 0, distributionPort = 0, managementPort = 0] = ports.slice(first, first + PORTS_EACH);
    return { name, folder: `${folder}/${name}`, port, tlsPort, distributionPort, managementPort };
  });
}

/** rabbitmq.conf of one node. */
export function configurationOf(node: Node, { form, folder }: Pick<Site, "form" | "folder">): string {
  const certificates = `${folder}/certificates`;
  const tls = [
    `listeners.ssl.1 = 127.0.0.1:${node.tlsPort}`,
    `ssl_options.cacertfile = ${certificates}/ca.crt`,
    `ssl_options.certfile = ${certificates}/server.crt`,
    `ssl_options.keyfile = ${certificates}/server.key`,
    "ssl_options.verify = verify_peer",
    "ssl_options.fail_if_no_peer_cert = false",
    "auth_mechanisms.1 = PLAIN",
    "auth_mechanisms.2 = AMQPLAIN",
    "auth_mechanisms.3 = EXTERNAL",
    "ssl_cert_login_from = common_name",
  ];
  const cluster = CLUSTER_NODES.map(
    (name, index) => `cluster_formation.classic_config.nodes.${index + 1} = ${name}@localhost`,
  );
  return [
    "heartbeat = 5",
    "management.tcp.ip = 127.0.0.1",
    `management.tcp.port = ${node.managementPort}`,
    ...(form === "tls" ? tls : []),
    ...(form === "cluster" ? ["cluster_formation.peer_discovery_backend = classic_config", ...cluster] : []),
    "",
  ].join("\n");
}

/**
 * advanced.config: a message that was on its way between two rungs of the ladder of delays when the server stopped is moved again after this, three minutes if
 * nothing is said, which no test waits for.
 */
export const advancedConfiguration = "[{rabbit, [{dead_letter_worker_publisher_confirm_timeout, 5000}]}].\n";

/** What a node, its mapper and its command are told by their environment. */
export function environmentOf(node: Node, mapperPort: number | undefined): Record<string, string> {
  const { folder } = node;
  return {
    HOME: folder,
    LANG: "C.UTF-8",
    PATH: "/usr/lib/rabbitmq/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    RABBITMQ_NODENAME: `${node.name}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: String(node.port),
    RABBITMQ_DIST_PORT: String(node.distributionPort),
    ERL_EPMD_PORT: String(mapperPort),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_CONF_ENV_FILE: "/dev/null",
    RABBITMQ_CONFIG_FILE: `${folder}/rabbitmq.conf`,
    RABBITMQ_ADVANCED_CONFIG_FILE: `${folder}/advanced.config`,
    RABBITMQ_MNESIA_BASE: `${folder}/data`,
    RABBITMQ_LOG_BASE: `${folder}/logs`,
    RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/enabled_plugins`,
    RABBITMQ_PID_FILE: `${folder}/rabbit.pid`,
    // Two schedulers that do not spin: several nodes share the machine with what is tested.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",
  };
}
