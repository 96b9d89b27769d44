/** Kafka's servers: which there are, and their properties. Pure. */
import type { Form, Site } from "../service.ts";

/** Over TLS, the one user. */
export const USER = "dispatch";
export const PASSWORD = "canary-password-7c1d";

const CLUSTER_BROKERS = 3;

export interface Broker {
  readonly id: number;
  readonly name: string;
  /** For clients. */
  readonly port: number;
  readonly controllerPort: number;
  /** Also for clients, with TLS. */
  readonly tlsPort: number | undefined;
}

const brokerCount = (form: Form): number => (form === "cluster" ? CLUSTER_BROKERS : 1);
const portsEach = (form: Form): number => (form === "tls" ? 3 : 2);

export function portCount(form: Form): number {
  return brokerCount(form) * portsEach(form);
}

export function brokersOf({ form, ports }: Pick<Site, "form" | "ports">): readonly Broker[] {
  const each = portsEach(form);
  return Array.from({ length: brokerCount(form) }, (_, index) => {
    const [port = 0, controllerPort = 0, tlsPort] = ports.slice(index * each, (index + 1) * each);
    return { id: index + 1, name: `broker-${index + 1}`, port, controllerPort, tlsPort };
  });
}

/** server.properties of one broker. Small numbers of partitions and short sessions: quick to start, quick to notice that a broker has ended. */
export function propertiesOf(broker: Broker, brokers: readonly Broker[], folder: string): string {
  const copies = brokers.length;
  const inSync = Math.min(2, copies);
  const forClients = [
    `PLAINTEXT://127.0.0.1:${broker.port}`,
    ...(broker.tlsPort === undefined ? [] : [`SASL_SSL://127.0.0.1:${broker.tlsPort}`]),
  ];
  const properties = {
    "process.roles": "broker,controller",
    "node.id": broker.id,
    "controller.quorum.voters": brokers.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`).join(","),
    listeners: [...forClients, `CONTROLLER://127.0.0.1:${broker.controllerPort}`].join(","),
    "advertised.listeners": forClients.join(","),
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL",
    "log.dirs": `${folder}/${broker.name}/data`,
    "default.replication.factor": copies,
    "min.insync.replicas": inSync,
    "offsets.topic.num.partitions": 1,
    "offsets.topic.replication.factor": copies,
    "transaction.state.log.num.partitions": 1,
    "transaction.state.log.replication.factor": copies,
    "transaction.state.log.min.isr": inSync,
    "share.coordinator.state.topic.num.partitions": 1,
    "share.coordinator.state.topic.replication.factor": copies,
    "share.coordinator.state.topic.min.isr": inSync,
    "group.initial.rebalance.delay.ms": 0,
    // Below six seconds a session would be refused.
    "group.min.session.timeout.ms": 1_000,
    // After a kill the controller refuses the same broker until its session is over.
    "broker.session.timeout.ms": 3_000,
    "broker.heartbeat.interval.ms": 500,
    "auto.create.topics.enable": false,
    "log.cleaner.dedupe.buffer.size": 4_194_304,
    ...(broker.tlsPort !== undefined && tlsProperties(folder)),
  };
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

function tlsProperties(folder: string): Record<string, string> {
  const scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
  const plain = "org.apache.kafka.common.security.plain.PlainLoginModule required";
  // Tokens without a signature: Kafka's own way to try it out.
  const bearer = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required";
  return {
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": `${folder}/certificates/server.pem`,
    "sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512,PLAIN,OAUTHBEARER",
    "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config": scram,
    "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": scram,
    "listener.name.sasl_ssl.plain.sasl.jaas.config": `${plain} user_${USER}="${PASSWORD}";`,
    "listener.name.sasl_ssl.oauthbearer.sasl.jaas.config": `${bearer} unsecuredLoginStringClaim_sub="${USER}";`,
  };
}

/** The words that make the SCRAM user while the storage is formatted. */
export function scramWords(): string[] {
  return ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((kind) => [
    "--add-scram",
    `${kind}=[name=${USER},password=${PASSWORD}]`,
  ]);
}
