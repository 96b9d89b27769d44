import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, describe, expect, inject, it } from "vitest";
import { type RabbitBackend, type RabbitBackendOptions, rabbitmq } from "./index.ts";
import { frames, never, newNamespace, open, refusal, take, textsOf, WORK } from "./testing/opened.ts";

// With `./dev test --full`.
const { tls: line } = inject("services");
const backends: RabbitBackend[] = [];
afterEach(async () => {
  await Promise.all(backends.splice(0).map((backend) => backend.close()));
});

function make(options: RabbitBackendOptions): RabbitBackend {
  const backend = rabbitmq({ namespace: newNamespace(), heartbeatMs: 1_000, ...options });
  backends.push(backend);
  return backend;
}

describe.skipIf(line?.ca === undefined)("over TLS", () => {
  const { url = "", ca: authority = "" } = line ?? {};
  const folder = dirname(authority);
  const read = (name: string) => readFileSync(`${folder}/${name}`);

  it("sends and receives with a password", async () => {
    const backend = make({ url, tls: { ca: read("ca.crt") } });
    await open(backend);
    await backend.send(WORK, frames("a"), never);
    expect(textsOf(await take(backend))).toEqual(["a"]);
  });

  it("sends and receives as who the certificate names", async () => {
    const { hostname, port } = new URL(url);
    const tls = { ca: read("ca.crt"), cert: read("client.crt"), key: read("client.key") };
    const backend = make({ url: `amqps://${hostname}:${port}?auth_mechanism=external`, tls });
    await open(backend);
    await backend.send(WORK, frames("a"), never);
    expect(textsOf(await take(backend))).toEqual(["a"]);
  });

  it("says DENIED to a server that nobody vouches for, and to a stranger", async () => {
    const unknown = make({ url });
    expect(await refusal(unknown, open(unknown))).toBe("DENIED");
    const stranger = make({ url, password: "wrong", tls: { ca: read("ca.crt") } });
    expect(await refusal(stranger, open(stranger))).toBe("DENIED");
  });
});
