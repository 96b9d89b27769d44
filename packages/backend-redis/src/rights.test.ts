import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { frames, never, opened, REPLY, take, textsOf, WORK } from "./testing/opened.ts";
import { type OwnServer, ownServer, START_MS } from "./testing/own-server.ts";

let server: OwnServer;
beforeAll(async () => {
  server = await ownServer();
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const [, rule = ""] = /```\nuser dispatch ([^`]+)```/.exec(readme) ?? [];
  await server.admin.call("ACL", "SETUSER", "dispatch", ...rule.trim().split(/\s+/));
}, START_MS);
afterAll(() => server.end());

it("needs no right that the README does not name", async () => {
  const backend = await opened({
    url: server.url,
    username: "dispatch",
    password: "PASSWORD",
    namespace: "dispatch",
    dedupeWindowMs: 1_000,
  });
  const waiting = take(backend, { waitMs: 2_000, max: 1 });
  await backend.send(WORK, frames("a", "b", "c", "d"), never);
  const found = [...(await waiting), ...(await take(backend))];
  expect(textsOf(found).sort()).toEqual(["a", "b", "c", "d"]);
  const [a, b, c, d] = found.map(({ receipt }) => receipt);
  if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error("not all came");
  expect(await backend.renew([a, b, c, d], 1, never)).toEqual(["ok", "ok", "ok", "ok"]);
  const copies = frames("x", "y").map((frame) => ({ queue: WORK, frame: { ...frame, id: "b", first: false } }));
  const result = frames("result").map((frame) => ({ queue: REPLY, frame }));
  expect(await backend.move([{ receipts: [{ receipt: a, ack: true }], sends: [...copies, ...result] }], never)).toEqual(
    ["ok"],
  );
  const rest = [
    { kind: "ack", receipt: b },
    { kind: "release", receipt: c, delayMs: 0 },
    { kind: "release", receipt: d, delayMs: 50_000 },
  ] as const;
  expect(await backend.settle(rest, never)).toEqual(["ok", "ok", "ok"]);
  expect(await backend.depth(WORK, never)).toEqual({ ready: 3, leased: 0, delayed: 1, exact: true });
  expect((await backend.browse(WORK, { max: 2 }, never)).frames).toHaveLength(2);
  const [leased] = await take(backend, { max: 1, leaseMs: 20 });
  expect(leased).toBeDefined();
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect((await take(backend, { max: 1 }))[0]?.redelivery).toBe(1);
  expect(await backend.purge(WORK, never)).toBe(3);
  await backend.remove(REPLY, never);
  await backend.close();
  const denied = await server.admin.call("ACL", "LOG");
  expect(denied).toEqual([]);
});
