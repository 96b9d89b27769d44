import { describe, expect, it } from "vitest";
import { addressOf } from "./address.ts";
import { fromOptions, kafka } from "./index.ts";
import { classifyKafkajs, meaningOf } from "./kafkajs/kafkajs-error.ts";
import { spotOf } from "./names.ts";

describe("an address", () => {
  it.each([
    [{}, { brokers: ["127.0.0.1:9092"], ssl: undefined, sasl: undefined }],
    [{ url: "kafka://a,b:1" }, { brokers: ["a:9092", "b:1"], ssl: undefined, sasl: undefined }],
    [{ url: "kafka://[::1]:9093" }, { brokers: ["[::1]:9093"], ssl: undefined, sasl: undefined }],
    [
      { bootstrapServers: "a:1, b:2", url: "kafka://c:3" },
      { brokers: ["a:1", "b:2"], ssl: undefined, sasl: undefined },
    ],
    [
      { url: "kafka://u:p%40w@a:1?mechanism=scram-sha-256" },
      { brokers: ["a:1"], ssl: true, sasl: { mechanism: "scram-sha-256", username: "u", password: "p@w" } },
    ],
    [
      { url: "kafka://u:p@a:1?ssl=false" },
      { brokers: ["a:1"], ssl: false, sasl: { mechanism: "plain", username: "u", password: "p" } },
    ],
  ])("%j", (options, address) => {
    expect(addressOf(options)).toEqual(address);
  });

  it.each([
    ["http://a:1", /cannot be read/],
    ["kafka://a:0", /HOST:PORT/],
    ["kafka://a:1?retries=1", /"retries", which is not known/],
    ["kafka://a:1?ssl=yes", /true or false/],
    ["kafka://u:secret@a:1?mechanism=gssapi", /one of plain/],
    ["kafka://a:1?mechanism=plain", /no login/],
    ["kafka://u:%zz@a:1", /encodes nothing/],
  ])("%s is refused, and tells no secret", (url, message) => {
    expect(() => addressOf({ url })).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringMatching(message) }),
    );
    expect(() => addressOf({ url })).not.toThrow("secret");
  });
});

describe("options", () => {
  it.each([
    [{ enableAutoCommit: true }, /enableAutoCommit can only be false: a commit by time/],
    [{ topics: "x" }, /topic/],
    [{ sessionTimeoutMs: 10 }, /sessionTimeoutMs/],
    [{ partitions: 0 }, /partitions/],
    [{ frameBytes: 2 ** 21 }, /frameBytes/],
    [{ consumerGroup: "" }, /consumerGroup/],
    [{ compression: "lz4" }, /needs a codec/],
    [{ compression: "best" }, /one of none, gzip, zstd/],
    [{ namespace: "a b" }, /namespace/],
  ])("%j is refused", (options, message) => {
    expect(() => kafka(options as object)).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringMatching(message) }),
    );
  });

  it("of the command: auto-commit off, and the profile that follows from the rest", () => {
    const { profile } = fromOptions({
      enableAutoCommit: false,
      sessionTimeoutMs: 4_000,
      partitions: 2,
      frameBytes: 10_000,
      compression: "zstd",
    });
    expect(profile.lease).toMatchObject({ kind: "session", detectionMs: 4_000 });
    expect(profile.limits).toMatchObject({ inFlight: 32_000, frameBytes: 10_000, batchBytes: 10_000 });
  });
});

describe("names", () => {
  const naming = { namespace: "n", named: { of: "orders", topic: "shop.orders", group: "shop" } };

  it.each([
    [{ role: "work", name: "normal", of: "q" }, "n.q", "n.q"],
    [{ role: "work", name: "high", of: "q" }, "n.q.high", "n.q"],
    [{ role: "dead", name: "dead", of: "q" }, "n.q.dead", "n.q.dead"],
    [{ role: "reply", name: "c1", of: "q" }, "n.q.reply", "n.q.reply.c1"],
    [{ role: "tier", name: "100", of: "" }, "n.tier.100", "n.tier"],
    [{ role: "work", name: "normal", of: "orders" }, "shop.orders", "shop"],
    [{ role: "work", name: "low", of: "orders" }, "shop.orders.low", "shop"],
    [{ role: "reply", name: "c1", of: "orders" }, "shop.orders.reply", "shop.reply.c1"],
  ] as const)("%j", (queue, topic, group) => {
    expect(spotOf(naming, queue)).toEqual({ topic, group });
  });

  it.each(["jobs.dead", "jobs.high", "jobs.low", "jobs.later", "jobs.reply", "jobs.reply.c1", "tier.100"])(
    "of a queue %s are refused: another one has them",
    (of) => {
      expect(() => spotOf(naming, { role: "work", name: "normal", of })).toThrow(
        expect.objectContaining({ code: "MISMATCH", message: expect.stringContaining(of) }),
      );
      expect(spotOf({ ...naming, named: { of, topic: "own", group: undefined } }, { role: "work", name: "normal", of })).toEqual({ topic: "own", group: "own" }); // biome-ignore format: one line
    },
  );

  it.each(["jobs", "jobs.dead-ones", "dead", "high", "replies.c1"])("of a queue %s are its own", (of) => {
    expect(spotOf(naming, { role: "work", name: "normal", of }).topic).toBe(`n.${of}`);
  });

  it("that Kafka does not take are refused", () => {
    expect(() =>
      spotOf({ ...naming, namespace: "n".repeat(128) }, { role: "dead", name: "dead", of: "q".repeat(128) }),
    ).toThrow(/249/);
  });
});

describe("an error of kafkajs", () => {
  const typed = (type: string, more: object = {}) => Object.assign(new Error(`said ${type}`), { type, ...more });

  it.each([
    [typed("NOT_LEADER_FOR_PARTITION"), "UNAVAILABLE"],
    [typed("TOPIC_AUTHORIZATION_FAILED"), "DENIED"],
    [typed("UNKNOWN_TOPIC_OR_PARTITION"), "MISSING"],
    [typed("MESSAGE_TOO_LARGE"), "TOO_LARGE"],
    [typed("INCONSISTENT_GROUP_PROTOCOL"), "MISMATCH"],
    [typed("THROTTLING_QUOTA_EXCEEDED"), "THROTTLED"],
    [Object.assign(new Error("x"), { name: "KafkaJSRequestTimeoutError" }), "TIMED_OUT"],
    [
      Object.assign(new Error("Connection error: self-signed certificate in certificate chain"), {
        name: "KafkaJSConnectionError",
      }),
      "DENIED",
    ],
    [
      Object.assign(new Error("tried enough"), {
        name: "KafkaJSNumberOfRetriesExceeded",
        cause: typed("SASL_AUTHENTICATION_FAILED"),
      }),
      "DENIED",
    ],
    [new Error("never seen"), "UNAVAILABLE"],
  ])("%s is %s", (error, code) => {
    expect(classifyKafkajs(error).code).toBe(code);
  });

  it("says to a member whether it is one still", () => {
    expect(
      ["UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "REBALANCE_IN_PROGRESS", "OFFSET_OUT_OF_RANGE", "OTHER"].map((type) =>
        meaningOf(typed(type)),
      ),
    ).toEqual(["evicted", "evicted", "rebalancing", "out-of-range", "none"]);
    expect(meaningOf(Object.assign(new Error("wrapped"), { cause: typed("UNKNOWN_MEMBER_ID") }))).toBe("evicted");
  });
});
