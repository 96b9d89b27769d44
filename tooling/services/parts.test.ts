/** The pure parts, and those that need no more than a port. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { root } from "../tree.ts";
import { pickMirror } from "./debian/root.ts";
import { givenUrl } from "./given.ts";
import { brokersOf, portCount as kafkaPortCount, propertiesOf } from "./kafka/layout.ts";
import { needService } from "./need-service.ts";
import { freePorts } from "./ports.ts";
import { configurationOf as prometheusConf } from "./prometheus/prometheus.ts";
import {
  configurationOf as rabbitmqConf,
  nodesOf as rabbitmqNodes,
  portCount as rabbitmqPortCount,
} from "./rabbitmq/layout.ts";
import { releaseIn } from "./rabbitmq/wire.ts";
import { instanceName } from "./records.ts";
import { accessList, configurationOf, nodesOf, portCount } from "./redis/layout.ts";
import { parseReplies } from "./redis/resp.ts";
import type { Form } from "./service.ts";
import { services } from "./services.ts";

afterEach(() => vi.unstubAllEnvs());

test("free ports are different, and nobody listens there", async () => {
  const ports = await freePorts(12);
  expect(new Set(ports).size).toBe(12);
  for (const port of ports) {
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
    await new Promise((resolve) => server.close(resolve));
  }
});

test("the mirror is that of Debian's main archive", () => {
  const targets =
    "http://other/ stable Other\nhttp://m/security bookworm-security Debian\nhttp://m/debian bookworm Debian\n";
  expect(pickMirror(targets)).toBe("http://m/debian");
  expect(pickMirror("")).toBe("http://deb.debian.org/debian");
});

test("an instance's name tells version and form", () => {
  expect(instanceName({ service: "redis", version: "7", form: "single" })).toBe("redis-7");
  expect(instanceName({ service: "redis", version: "8", form: "cluster" })).toBe("redis-8-cluster");
});

test.each(services.map((service) => [service.name, service] as const))(
  "%s: its default is one of its versions",
  (_, service) => {
    expect(service.versions).toContain(service.defaultVersion);
    for (const form of service.forms) expect(service.portCount(form)).toBeGreaterThan(0);
  },
);

describe("a given server", () => {
  test("is named by the environment; an empty name is none", () => {
    expect(givenUrl("redis", { DISPATCH_TEST_REDIS_URL: "redis://h" })).toBe("redis://h");
    expect(givenUrl("redis", { DISPATCH_TEST_REDIS_URL: "" })).toBeUndefined();
    expect(givenUrl("redis", { DISPATCH_TEST_VALKEY_URL: "redis://h" })).toBeUndefined();
  });

  test("that does not answer is an error in CI, and a loud skip elsewhere", async () => {
    vi.stubEnv("DISPATCH_TEST_REDIS_URL", `redis://127.0.0.1:${(await freePorts(1))[0]}`);
    vi.stubEnv("CI", "true");
    await expect(needService("redis")).rejects.toThrow(/DISPATCH_TEST_REDIS_URL names does not answer: .*ECONNREFUSED/);
    vi.stubEnv("CI", "");
    const said = vi.spyOn(console, "error").mockReturnValue();
    expect(await needService("redis")).toBeUndefined();
    expect(said.mock.calls.join()).toContain("SKIPPED: every test that needs redis");
  });
});

describe("the layouts of Redis", () => {
  const layout = (form: Form) => {
    const ports = Array.from({ length: portCount(form) }, (_, index) => 7_000 + index);
    return nodesOf({ form, folder: "/f", ports });
  };

  test("every server of a form has a port of its own, and no port is left", () => {
    for (const form of ["single", "cluster", "sentinel", "tls"] as const) {
      const text = layout(form)
        .map((node) => configurationOf(node, `/f/${node.name}`))
        .join("");
      const used = [...text.matchAll(/^(?:tls-port|port|cluster-port) ([1-9]\d*)$/gm)].map(([, port]) => Number(port));
      expect(used.sort()).toEqual(Array.from({ length: portCount(form) }, (_, index) => 7_000 + index));
    }
  });

  test("data outlives a kill; sentinels have none", () => {
    for (const node of layout("sentinel"))
      expect(configurationOf(node, "/f").includes("appendonly yes")).toBe(!node.sentinel);
  });

  test("over TLS only one user may log in", () => {
    expect(accessList().match(/^user .* on /gm)).toEqual(["user dispatch on "]);
    expect(accessList()).toContain("user default off ~* &* +@all\n");
  });
});

describe("replies of Redis", () => {
  const parse = (text: string, count = 1) => parseReplies(Buffer.from(text), count);

  test.each([
    ["+PONG\r\n", ["PONG"]],
    [":7\r\n", ["7"]],
    ["$5\r\nh\r\nlo\r\n", ["h\r\nlo"]],
    ["$-1\r\n", [""]],
    ["*2\r\n$1\r\na\r\n*1\r\n+b\r\n", ["a\nb"]],
  ])("%j", (text, expected) => {
    expect(parse(text)).toEqual(expected);
    for (let length = 0; length < text.length; length += 1) expect(parse(text.slice(0, length))).toBeUndefined();
  });

  test("several, and a refusal", () => {
    expect(parse("+OK\r\n+PONG\r\n", 2)).toEqual(["OK", "PONG"]);
    expect(() => parse("-WRONGPASS no\r\n")).toThrow("WRONGPASS no");
  });
});

test("a broker of Kafka's cluster has a port of its own for each listener, and copies on the others", () => {
  const ports = Array.from({ length: kafkaPortCount("cluster") }, (_, index) => 7_000 + index);
  const brokers = brokersOf({ form: "cluster", ports });
  expect(brokers.flatMap(({ port, controllerPort }) => [port, controllerPort])).toEqual(ports);
  for (const broker of brokers) {
    const properties = propertiesOf(broker, brokers, "/f");
    expect(properties).toContain("controller.quorum.voters=1@127.0.0.1:7001,2@127.0.0.1:7003,3@127.0.0.1:7005\n");
    expect(properties).toContain("offsets.topic.replication.factor=3\n");
    expect(properties).toContain("min.insync.replicas=2\n");
    expect(properties).toContain(`advertised.listeners=PLAINTEXT://127.0.0.1:${broker.port}\n`);
  }
});

test("only Kafka's TLS form has a login", () => {
  const [plain, tls] = (["single", "tls"] as const).map((form) => {
    const brokers = brokersOf({ form, ports: [7_000, 7_001, 7_002].slice(0, kafkaPortCount(form)) });
    return brokers.map((broker) => propertiesOf(broker, brokers, "/f")).join("");
  });
  expect(plain).not.toContain("sasl.enabled");
  expect(tls).toContain("advertised.listeners=PLAINTEXT://127.0.0.1:7000,SASL_SSL://127.0.0.1:7002\n");
  expect(tls).toContain("sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512,PLAIN,OAUTHBEARER\n");
});

test("the nodes of RabbitMQ's cluster name each other, and share the first port", () => {
  const ports = Array.from({ length: rabbitmqPortCount("cluster") }, (_, index) => 7_000 + index);
  const site = { form: "cluster", folder: "/f", ports } as const;
  const nodes = rabbitmqNodes(site);
  const used = nodes.flatMap((each) => [each.port, each.tlsPort, each.distributionPort, each.managementPort]);
  expect([7_000, ...used]).toEqual(ports);
  for (const node of nodes)
    expect(rabbitmqConf(node, site).match(/nodes\.\d = .@localhost/g)).toEqual([
      "nodes.1 = a@localhost",
      "nodes.2 = b@localhost",
      "nodes.3 = c@localhost",
    ]);
});

test("RabbitMQ's release stands in its greeting", () => {
  const greeting = Buffer.from("\x07versionS\0\0\0\x064.3.6!\x08platform", "latin1");
  expect(releaseIn(greeting)).toBe("4.3.6!");
  expect(releaseIn(greeting.subarray(0, 14))).toBeUndefined();
  expect(releaseIn(Buffer.from("else"))).toBeUndefined();
});

test("Prometheus waits for an answer for as long as docs/observability.md demands, and asks no sooner again", async () => {
  const page = await readFile(`${root}/docs/observability.md`, "utf8");
  const [, leastSeconds] = /`scrape_timeout` has to be above (\d+) s/.exec(page) ?? [];
  const [interval, timeout] = ["interval", "timeout"].map((name) =>
    Number(new RegExp(`^  scrape_${name}: (\\d+)s$`, "m").exec(prometheusConf("/f"))?.[1]),
  );
  expect(timeout).toBeGreaterThan(Number(leastSeconds));
  expect(interval).toBeGreaterThanOrEqual(timeout ?? Number.NaN);
});

test("compose.yaml has every version of what may run in Docker, on ports of 127.0.0.1 only", async () => {
  const compose = await readFile(`${root}/tooling/services/compose.yaml`, "utf8");
  for (const { name, versions } of services.filter(({ inDocker }) => inDocker))
    for (const version of versions)
      expect(compose).toMatch(new RegExp(`^  ${name}-${version.replaceAll(".", "[.]")}:`, "m"));
  for (const [, mapping] of compose.matchAll(/ports: \[(.*)\]/g))
    for (const each of mapping?.split(", ") ?? []) expect(each).toMatch(/^"127\.0\.0\.1:\$\{PORT_\d:-\d+\}:\d+"$/);
});
