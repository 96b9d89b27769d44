import { readFileSync } from "node:fs";
import { afterEach, describe, expect, inject, it } from "vitest";
import { type KafkaBackend, kafka } from "./index.ts";
import { acks, frames, never, newNamespace, open, opened, refusal, take, textsOf, WORK } from "./testing/opened.ts";

// With `./dev test --full`: a server that wants TLS and a login.
const { tls: line } = inject("services");

describe.skipIf(line === undefined)("TLS and a login", () => {
  const url = line?.url ?? "";
  const ssl = { ca: line?.ca === undefined ? "" : readFileSync(line.ca, "utf8") };
  const backends: KafkaBackend[] = [];
  afterEach(async () => {
    await Promise.all(backends.splice(0).map((backend) => backend.close()));
  });

  it.each(["plain", "scram-sha-256", "scram-sha-512"])("by %s, from send to ack", async (mechanism) => {
    const backend = await opened({ url: `${url}?mechanism=${mechanism}`, ssl });
    backends.push(backend);
    await backend.send(WORK, frames("a", "b"), never);
    const held = await take(backend, { waitMs: 5_000 });
    expect(textsOf(held)).toEqual(["a", "b"]);
    expect(await backend.settle(acks(...held), never)).toEqual(["ok", "ok"]);
  });

  it("of its own options wins over the URL, and reaches the same", async () => {
    const sasl = { mechanism: "scram-sha-512", username: "dispatch", password: "canary-password-7c1d" } as const;
    const backend = await opened({ url: url.replace(/dispatch:[^@]*@/, "nobody:wrong@"), ssl, sasl });
    backends.push(backend);
    expect(await backend.send(WORK, frames("a"), never)).toEqual(["ok"]);
  });

  /** A token without a signature, which the server takes: `{"alg":"none"}`. */
  const tokenOf = (claims: Readonly<Record<string, unknown>>) =>
    [{ alg: "none" }, claims].map((part) => `${Buffer.from(JSON.stringify(part)).toString("base64url")}.`).join("");
  const bearer = (seconds: number) => ({
    mechanism: "oauthbearer" as const,
    oauthBearerProvider: async () => {
      const now = Math.floor(Date.now() / 1_000);
      return { value: tokenOf({ sub: "dispatch", iat: now - 60, exp: now + seconds }) };
    },
  });
  const bare = url.replace(/[^/@]*@/, "");

  it("by oauthbearer, from send to ack", async () => {
    const backend = await opened({ url: bare, ssl, sasl: bearer(600) });
    backends.push(backend);
    expect(await backend.send(WORK, frames("a"), never)).toEqual(["ok"]);
    const held = await take(backend, { waitMs: 5_000 });
    expect(textsOf(held)).toEqual(["a"]);
    expect(await backend.settle(acks(...held), never)).toEqual(["ok"]);
  });

  it.each([
    ["a token that is over", { url: bare, ssl, sasl: bearer(-30) }],
    ["a wrong password", { url: url.replace(/dispatch:[^@]*@/, "dispatch:wrong@"), ssl }],
    ["a certificate that nobody trusts", { url }],
  ])("%s is DENIED", async (_, options) => {
    const backend = kafka({ ...options, namespace: newNamespace() });
    backends.push(backend);
    expect(await refusal(backend, open(backend))).toBe("DENIED");
  });
});
