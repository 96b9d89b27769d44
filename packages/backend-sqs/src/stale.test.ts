import { VirtualClock } from "@org/dispatch-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { inProcess } from "./testing/in-process.ts";
import { acks, frames, never, newNamespace, opened, take, textsOf, WORK } from "./testing/opened.ts";

// A holder whose lease is over, while another has the frame. SQS says ok and may or may not delete; moto deletes, and lets the old handle renew.
const LEASE_MS = 1_000;
const lines = inject("services");
const servers: Record<string, () => string | undefined> = {
  fauxqs: () => own?.url,
  ElasticMQ: () => lines.sqs?.url,
  moto: () => lines.moto?.url,
};
let own: Awaited<ReturnType<typeof inProcess>> | undefined;

beforeAll(async () => {
  own = await inProcess();
});
afterAll(() => own?.server.stop());

/** A clock of the test's, so that one backend can be late by its own clock while the other is not. */
async function twoHolders(url: string) {
  const namespace = newNamespace();
  const clock = new VirtualClock();
  const late = await opened({ url, namespace, region: "us-east-1" }, clock);
  const next = await opened({ url, namespace, region: "us-east-1" });
  await late.send(WORK, frames("a"), never);
  const stale = await take(late, { leaseMs: LEASE_MS });
  expect(textsOf(stale)).toEqual(["a"]);
  return { clock, late, next, stale };
}

for (const [name, urlOf] of Object.entries(servers)) {
  describe(`a late holder on ${name}`, () => {
    const test = name === "fauxqs" || lines[name === "moto" ? "moto" : "sqs"] !== undefined ? it : it.skip;

    test("that nobody has followed still acks", async () => {
      const { clock, late, next, stale } = await twoHolders(urlOf() as string);
      await new Promise((resolve) => setTimeout(resolve, LEASE_MS + 200));
      await clock.advance(LEASE_MS + 200);
      expect(await late.settle(acks(...stale), never)).toEqual(["ok"]);
      expect(await take(next)).toEqual([]);
      await Promise.all([late.close(), next.close()]);
    });

    // moto's old handles renew: there the probe cannot tell, and the frame goes. The outcome of a run is fenced by its coordinator.
    test(
      name === "moto"
        ? "takes it from the next one, which SQS does not promise to prevent"
        : "is lost, and the next one keeps the frame",
      async () => {
        const { clock, late, next, stale } = await twoHolders(urlOf() as string);
        await new Promise((resolve) => setTimeout(resolve, LEASE_MS + 200));
        const held = await take(next, { waitMs: 1_000 });
        expect(held.map(({ redelivery }) => redelivery)).toEqual([1]);
        await clock.advance(LEASE_MS + 200);
        const expected = name === "moto" ? "ok" : "lost";
        expect(await late.renew(stale.map(({ receipt }) => receipt), LEASE_MS, never)).toEqual([expected]); // biome-ignore format: one call
        expect(await late.settle(acks(...stale), never)).toEqual([expected]);
        const depth = await next.depth(WORK, never);
        expect(depth.leased).toBe(name === "moto" ? 0 : 1);
        if (name !== "moto") expect(await next.settle(acks(...held), never)).toEqual(["ok"]);
        await Promise.all([late.close(), next.close()]);
      },
    );
  });
}
