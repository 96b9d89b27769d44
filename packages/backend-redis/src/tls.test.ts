import { appendFile, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { restart, up } from "../../../tooling/services/lifecycle.ts";
import { type RedisBackendOptions, redis } from "./index.ts";
import { codeOf, frames, never, open, take, textsOf, WORK } from "./testing/opened.ts";
import { endServers, onlyOwn, START_MS } from "./testing/own-server.ts";

// A server that speaks nothing but TLS, with one user, who may use keys of `dispatch` only.
let url: string;
let ca: Buffer;
let client: { readonly cert: Buffer; readonly key: Buffer };
let admin: Redis;

beforeAll(async () => {
  onlyOwn("tls");
  const line = await up("redis", { form: "tls" });
  if (line.ca === undefined) throw new Error("the server names no authority");
  const certificates = dirname(line.ca);
  await appendFile(`${dirname(certificates)}/users.acl`, "user admin on >secret ~* &* +@all\n");
  await restart("redis", { form: "tls" });
  url = line.url;
  ca = await readFile(line.ca);
  client = { cert: await readFile(`${certificates}/client.crt`), key: await readFile(`${certificates}/client.key`) };
  admin = new Redis({ port: Number(new URL(url).port), username: "admin", password: "secret", tls: { ca, ...client } });
}, START_MS);
afterAll(async () => {
  admin.disconnect();
  await endServers();
});

async function works(options: RedisBackendOptions): Promise<void> {
  const backend = redis(options);
  await open(backend);
  await backend.send(WORK, frames("a"), never);
  const found = await take(backend, { waitMs: 2_000 });
  expect(textsOf(found)).toEqual(["a"]);
  expect(await backend.settle([{ kind: "ack", receipt: found[0]?.receipt as never }], never)).toEqual(["ok"]);
  await backend.close();
}

async function refusal(options: RedisBackendOptions): Promise<string> {
  const backend = redis(options);
  const error = await Promise.resolve(open(backend)).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  await backend.close();
  return error === undefined ? "none" : codeOf(backend, error);
}

it("works over TLS with user and password, by URL and one by one", async () => {
  await works({ url, tls: { ca } });
  const { hostname, port, username, password } = new URL(url);
  await works({ host: hostname, port: Number(port), username, password, tls: { ca } });
});

it("refuses a server that no known authority has signed, a wrong password, and keys that are not its own", async () => {
  expect(await refusal({ url })).toBe("DENIED");
  expect(await refusal({ url, password: "wrong", tls: { ca } })).toBe("DENIED");
  expect(await refusal({ url, namespace: "others", tls: { ca } })).toBe("DENIED");
});

it("shows its own certificate to a server that wants one", async () => {
  await admin.config("SET", "tls-auth-clients", "yes");
  await works({ url, tls: { ca, ...client } });
  expect(await refusal({ url, tls: { ca } })).toMatch(/^(DENIED|UNAVAILABLE)$/);
});
