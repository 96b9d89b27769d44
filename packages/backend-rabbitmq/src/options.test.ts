import { describe, expect, it } from "vitest";
import { addressOf } from "./address.ts";
import { fromOptions, type RabbitBackendOptions, rabbitmq } from "./index.ts";
import { nameOf } from "./names.ts";
import { resolveOptions } from "./options.ts";

const node = {
  protocol: "amqp",
  hostname: "127.0.0.1",
  port: 5672,
  username: "guest",
  password: "guest",
  virtualHost: "/",
};

describe("where the server is", () => {
  it.each([
    [{}, node],
    [
      { url: "amqp://u:p%40@h:1/a%2Fb" },
      { ...node, hostname: "h", port: 1, username: "u", password: "p@", virtualHost: "a/b" },
    ],
    [{ url: "amqps://h" }, { ...node, protocol: "amqps", hostname: "h", port: 5671 }],
    [{ url: "amqp://[::1]:7" }, { ...node, hostname: "::1", port: 7 }],
    [{ url: "rabbitmq://h/" }, { ...node, hostname: "h" }],
    [
      { host: "h", port: 9, username: "u", password: "", virtualHost: "v" },
      { ...node, hostname: "h", port: 9, username: "u", password: "", virtualHost: "v" },
    ],
    [
      { url: "amqp://a:b@h:1/v", host: "i", virtualHost: "w" },
      { ...node, hostname: "i", port: 1, username: "a", password: "b", virtualHost: "w" },
    ],
    [
      { host: "h", tls: true },
      { ...node, protocol: "amqps", hostname: "h", port: 5671 },
    ],
  ] as const)("%j", (options, expected) => {
    expect(addressOf(options).nodes).toEqual([expected]);
  });

  it("may be several nodes of a cluster, all with the same user where one is given", () => {
    const { nodes } = addressOf({ url: "amqp://a:1, amqp://u:p@b:2/", username: "w" });
    expect(nodes.map(({ hostname, port, username }) => [hostname, port, username])).toEqual([
      ["a", 1, "w"],
      ["b", 2, "w"],
    ]);
  });

  it.each([
    ["amqps://u:p@a/v,b:9", ["amqps u:p@a:5671/v", "amqps u:p@b:9/v"]],
    ["amqp://u:p@a/v, w@b, w:q@c/v", ["amqp u:p@a:5672/v", "amqp w:@b:5672/v", "amqp w:q@c:5672/v"]],
    ["a,b", ["amqp guest:guest@a:5672//", "amqp guest:guest@b:5672//"]],
    ["amqp://u:p@a,amqp://b", ["amqp u:p@a:5672//", "amqp guest:guest@b:5672//"]],
    ["amqp://guest:@a", ["amqp guest:@a:5672//"]],
  ])("%s: what has no scheme has what the first one says", (url, expected) => {
    const said = addressOf({ url }).nodes.map(
      (node) => `${node.protocol} ${node.username}:${node.password}@${node.hostname}:${node.port}/${node.virtualHost}`,
    );
    expect(said).toEqual(expected);
  });

  it.each(["amqps://h?auth_mechanism=external", "amqps://h,i?auth_mechanism=external"])(
    "knows who is there by a certificate: %s",
    (url) => {
      expect(addressOf({ url, tls: { cert: "c" } })).toMatchObject({
        isExternal: true,
        tls: { cert: "c" },
      });
    },
  );
});

describe("options", () => {
  it.each([
    [{ url: "http://h" }, /no URL of RabbitMQ/],
    [{ url: "amqp://h/a/b" }, /%2F/],
    [{ url: "amqp://h?heartbeat=3" }, /the rest are options/],
    [{ url: "amqp://a,amqp://b", host: "c" }, /several nodes/],
    [{ url: "amqps://a,amqp://b" }, /amqps and amqp of nodes of one cluster/],
    [{ url: "amqp://a,b/v" }, /\/ and v of nodes of one cluster/],
    [{ url: "amqps://a,amqp://b", auth: "external" }, /of one cluster/],
    [{ url: "amqp://u:secret%@h" }, /encodes nothing/],
    [{ auth: "external" }, /needs TLS/],
    [{ auth: "kerberos" }, /plain or external/],
    [{ port: 0 }, /port/],
    [{ durable: false }, /allowTransient: true/],
    [{ durable: false, allowTransient: true, priority: "native" }, /quorum queues/],
    [{ durable: "no" }, /durable is true or false/],
    [{ priority: "high" }, /lanes, native or classic/],
    [{ prefetchCount: 65_536 }, /prefetchCount/],
    [{ heartbeatMs: 1_500 }, /whole seconds/],
    [{ heartbeatMs: 60_000 }, /heartbeatMs/],
    [{ frameBytes: 2 ** 25 }, /frameBytes/],
    [{ ladder: "a b" }, /ladder/],
    [{ namespace: "a b" }, /namespace/],
    [{ queueNam: "x" }, /did you mean queueName/],
    [{ connect: async () => ({}), host: "h" }, /keep one of the two/],
  ] as const)("%j is refused", (options, message) => {
    const make = () => rabbitmq(options as RabbitBackendOptions);
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    expect(make).not.toThrow(/secret/);
  });

  it("may be what a configuration file of the Python dispatcher gives", () => {
    const backend = fromOptions({
      ...{ host: "h", port: 5672, virtualHost: "/", username: "guest", password: "guest", tls: true },
      ...{ queueName: "tasks", durable: true, prefetchCount: 20, namespace: "ns", queue: "jobs" },
    });
    expect(backend.profile.limits.inFlight).toBe(20);
  });

  it.each([
    [{}, { redelivery: "losses", priorityLevels: 0, durability: "restart", requeueKeepsPriority: true }],
    [
      { priority: "native" },
      { redelivery: "losses", priorityLevels: 11, starvationGrants: 0, requeueKeepsPriority: false },
    ],
    [
      { priority: "classic" },
      { redelivery: "once", priorityLevels: 11, starvationGrants: 0, requeueKeepsPriority: true },
    ],
    [
      { durable: false, allowTransient: true },
      { redelivery: "once", durability: "none" },
    ],
    [
      { consumerTimeoutMs: 7_200_000, heartbeatMs: 2_000 },
      { lease: { kind: "session", totalCapMs: 7_200_000, detectionMs: 6_000 } },
    ],
  ] as const)("%j say what the profile is", (options, facts) => {
    expect(rabbitmq(options).profile).toMatchObject(facts);
  });
});

describe("names", () => {
  const of = (options: RabbitBackendOptions, role: "work" | "dead" | "later" | "reply" | "tier", name: string) =>
    nameOf(resolveOptions(options).naming, { role, name, of: role === "tier" ? "" : "jobs" });

  it.each([
    [{}, "work", "normal", "dispatch.jobs"],
    [{ namespace: "ns" }, "work", "high", "ns.jobs.high"],
    [{ namespace: "ns" }, "dead", "dead", "ns.jobs.dead"],
    [{ namespace: "ns" }, "later", "later", "ns.jobs.later"],
    [{ namespace: "ns" }, "reply", "c1", "ns.jobs.reply.c1"],
    [{ namespace: "ns" }, "tier", "200", "ns.tier.200"],
    [{ queueName: "tasks", queue: "jobs" }, "work", "normal", "tasks"],
    [{ queueName: "tasks", queue: "jobs" }, "dead", "dead", "tasks.dead"],
    [{ queueName: "tasks", queue: "others" }, "work", "low", "dispatch.jobs.low"],
  ] as const)("%j %s %s: %s", (options, role, name, expected) => {
    expect(of(options, role, name)).toBe(expected);
  });

  it.each([
    [{}, "mail.high", /"dispatch.mail.high", which is a part of another/],
    [{}, "mail.dead", /part of another/],
    [{}, "mail.reply", /part of another/],
    [{}, "mail.reply.c1", /part of another/],
    [{}, "delay.3", /"dispatch.delay.3", which is one of those for delays/],
    [{}, "delay.unrouted", /for delays/],
    [{ queueName: "dispatch.delay.3", queue: "jobs" }, "jobs", /for delays/],
  ] as const)("%j %s is refused", (options, queue, message) => {
    expect(() => nameOf(resolveOptions(options).naming, { role: "work", name: "normal", of: queue })).toThrow(message);
  });

  it.each([
    [{}, "delay.jobs"],
    [{}, "tier.200"],
    [{ namespace: "mail" }, "delay.3"],
    [{ queueName: "urgent", queue: "mail.high" }, "mail.high"],
  ])("%j %s is taken", (options, queue) => {
    expect(nameOf(resolveOptions(options).naming, { role: "work", name: "normal", of: queue })).not.toBe("");
  });

  it("are refused where the server could not hold them", () => {
    const queue = { role: "reply", name: "r".repeat(128), of: "q".repeat(127) } as const;
    expect(() => nameOf(resolveOptions({ namespace: "n" }).naming, queue)).toThrow(/255 bytes/);
  });
});
