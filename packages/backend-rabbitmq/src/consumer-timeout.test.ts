import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { acks, frames, LEASE_MS, never, opened, take, takeAll, textsOf, WORK } from "./testing/opened.ts";
import { type OwnServer, ownServer } from "./testing/own-server.ts";

// The oldest server ends the whole channel of a consumer that acks nothing for too long (406); newer ones do so up to 4.2. On a server of this file's own:
// the time is the node's.
const CONSUMER_TIMEOUT_MS = 10_000;
let server: OwnServer;
beforeAll(async () => {
  server = await ownServer("consumer-timeout", "3.10");
  await server.ctl("eval", `application:set_env(rabbit, consumer_timeout, ${CONSUMER_TIMEOUT_MS}).`);
  await server.ctl("eval", "application:set_env(rabbit, channel_tick_interval, 1000).");
});
afterAll(() => server.end());

it("a channel that the server ends for its consumer's time-out is followed by another one; what was held is lost and comes again", async () => {
  const backend = await opened({ url: server.url });
  await backend.send(WORK, frames("a"), never);
  const held = await take(backend);
  const receipts = held.map(({ receipt }) => receipt);
  const startedAt = performance.now();
  // Somebody renews it all the time, and somebody waits.
  const waiting = take(backend, { waitMs: 40_000 });
  await vi.waitFor(async () => expect(await backend.renew(receipts, LEASE_MS, never)).toEqual(["lost"]), {
    timeout: 30_000,
    interval: 200,
  });
  expect(performance.now() - startedAt).toBeGreaterThan(CONSUMER_TIMEOUT_MS - 500);
  const again = await waiting;
  expect(textsOf(again)).toEqual(["a"]);
  expect(again.map(({ redelivery }) => redelivery)).toEqual([1]);
  expect(await backend.settle(acks(...held), never)).toEqual(["lost"]);
  expect(await backend.settle(acks(...again), never)).toEqual(["ok"]);
  // Nothing else was ended by it.
  expect(await backend.send(WORK, frames("b"), never)).toEqual(["ok"]);
  expect(textsOf(await takeAll(backend, 1))).toEqual(["b"]);
  expect(await server.ctl("eval", "length(rabbit_networking:connections()).")).toContain("2");
  await backend.close();
}, 90_000);
