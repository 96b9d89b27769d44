import { DispatchError } from "@org/dispatch-core";
import type { KafkaConfig, SASLOptions } from "kafkajs";

export interface AddressOptions {
  /** `kafka://HOST:PORT,HOST:PORT`, with `USER:PASSWORD@` in front and `?mechanism=scram-sha-512`, `?ssl=true` behind where wanted. */
  readonly url?: string | undefined;
  /** Brokers to ask for the others; default `127.0.0.1:9092`. */
  readonly bootstrapServers?: readonly string[] | string | undefined;
  /** TLS, and what `tls.connect` takes; default: off, but for a URL with a login. */
  readonly ssl?: KafkaConfig["ssl"] | undefined;
  /** PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER, as kafkajs takes them. */
  readonly sasl?: KafkaConfig["sasl"] | undefined;
}

/** Where the brokers are, and how to get in. */
export interface Address {
  readonly brokers: readonly string[];
  readonly ssl: NonNullable<KafkaConfig["ssl"]> | undefined;
  readonly sasl: NonNullable<KafkaConfig["sasl"]> | undefined;
}

const DEFAULT_PORT = 9092;
const MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512"];

/** Puts URL and single options together; where two say the same, the single option wins. Throws `CONFIG_INVALID`. */
export function addressOf(options: AddressOptions): Address {
  const url = options.url === undefined ? undefined : readUrl(options.url);
  const given = options.bootstrapServers;
  const brokers = given === undefined ? url?.brokers : typeof given === "string" ? given.split(",") : given;
  return {
    brokers: (brokers ?? [`127.0.0.1:${DEFAULT_PORT}`]).map((broker) => readBroker(broker.trim())),
    ssl: options.ssl ?? url?.ssl,
    sasl: options.sasl ?? url?.sasl,
  };
}

interface Read {
  readonly brokers: readonly string[];
  readonly ssl: boolean | undefined;
  readonly sasl: SASLOptions | undefined;
}

/** A list of hosts is no URL for the platform's parser. */
const KAFKA_URL = /^kafka:\/\/(?:([^@/?#]*)@)?([^@/?#]*)\/?(?:\?([^#]*))?$/i;

function readUrl(text: string): Read {
  const [, login, hosts, query = ""] = KAFKA_URL.exec(text) ?? [];
  if (hosts === undefined) throw invalid("the URL cannot be read; it is kafka://HOST:PORT,HOST:PORT");
  const asked = new URLSearchParams(query);
  for (const key of asked.keys())
    if (key !== "ssl" && key !== "mechanism")
      throw invalid(`the URL says "${key}", which is not known; there are ssl and mechanism`);
  const ssl = asked.get("ssl");
  if (ssl !== null && ssl !== "true" && ssl !== "false") throw invalid("ssl in the URL is true or false");
  const mechanism = asked.get("mechanism") ?? "plain";
  if (!MECHANISMS.includes(mechanism)) throw invalid(`the mechanism in the URL is one of ${MECHANISMS.join(", ")}`);
  if (login === undefined && asked.has("mechanism")) throw invalid("the URL has a mechanism, and no login for it");
  return {
    brokers: hosts === "" ? [`127.0.0.1:${DEFAULT_PORT}`] : hosts.split(","),
    // A password does not travel in the clear unless somebody says so.
    ssl: ssl === null ? (login === undefined ? undefined : true) : ssl === "true",
    sasl: login === undefined ? undefined : readLogin(login, mechanism),
  };
}

function readLogin(login: string, mechanism: string): SASLOptions {
  const [username = "", ...rest] = login.split(":");
  return { mechanism, username: decoded(username), password: decoded(rest.join(":")) } as SASLOptions;
}

function readBroker(text: string): string {
  const [, host, port = String(DEFAULT_PORT)] = /^(\[[0-9a-fA-F:.]+\]|[^:\s]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) throw invalid("a broker is HOST:PORT");
  return `${host}:${port}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid("the URL holds a % that encodes nothing");
  }
}

function invalid(message: string): DispatchError {
  return new DispatchError("CONFIG_INVALID", `kafka: ${message}`);
}
