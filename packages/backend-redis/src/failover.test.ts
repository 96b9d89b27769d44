import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { up } from "../../../tooling/services/lifecycle.ts";
import { redis } from "./index.ts";
import { frames, never, open, take, textsOf, WORK } from "./testing/opened.ts";
import { endServers, onlyOwn } from "./testing/own-server.ts";

// Takes long, and five servers and more: with `./dev test --full`.
const isWanted = process.env.DISPATCH_TEST_FULL === "1";

describe.skipIf(!isWanted)("a master that is killed", () => {
  beforeAll(() => onlyOwn("failover"));
  afterAll(endServers, 60_000);

  it.each(["sentinel", "cluster"] as const)(
    "is followed by its replica (%s)",
    async (form) => {
      const { url, pid } = await up("redis", { form });
      const backend = redis({ url });
      await open(backend);
      // Where acknowledged writes are copied, none is lost.
      await backend.send(WORK, frames("a", "b"), never);
      const [held] = await take(backend, { max: 1 });
      const master = await masterOf(url, form);
      await vi.waitFor(async () => expect(await isCopied(master)).toBe(true), { timeout: 30_000, interval: 50 });
      const masterPid = await pidOf(master);
      master.disconnect();
      expect([pid].flat()).toContain(masterPid);
      process.kill(masterPid, "SIGKILL");
      await vi.waitFor(() => backend.send(WORK, frames("c"), AbortSignal.timeout(1_000)), {
        timeout: 25_000,
        interval: 200,
      });
      expect(await backend.settle([{ kind: "ack", receipt: held?.receipt as never }], never)).toEqual(["ok"]);
      expect(textsOf(await take(backend, { waitMs: 2_000 }))).toEqual(["b", "c"]);
      await backend.close();
    },
    400_000,
  );

  it("has a write on a replica, or on a disk, before it is answered, where that is asked for", async () => {
    const replicated = redis({ url: (await up("redis", { form: "sentinel" })).url, waitReplicas: 1 });
    await open(replicated);
    expect(await replicated.send(WORK, frames("on a replica"), never)).toEqual(["ok"]);
    await replicated.close();
    const onDisk = redis({ url: (await up("redis", { version: "8" })).url, waitAof: true });
    await open(onDisk);
    expect(await onDisk.send(WORK, frames("on a disk"), never)).toEqual(["ok"]);
    expect(textsOf(await take(onDisk))).toEqual(["on a disk"]);
    await onDisk.close();
  }, 400_000);
});

/** The server that has the work queue now. */
async function masterOf(url: string, form: "sentinel" | "cluster"): Promise<Redis> {
  const [first = ""] = url.split(",");
  const seed = new Redis(first.replace(/[?].*/, ""));
  let port: unknown;
  if (form === "sentinel") [, port] = (await seed.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "dispatch")) as string[];
  else {
    const slot = await seed.cluster("KEYSLOT", "{dispatch:default}");
    const ranges = (await seed.call("CLUSTER", "SLOTS")) as [number, number, [string, number]][];
    port = ranges.find(([from, to]) => slot >= from && slot <= to)?.[2][1];
  }
  seed.disconnect();
  return new Redis(Number(port));
}

async function pidOf(server: Redis): Promise<number> {
  const [, pid] = /process_id:(\d+)/.exec(await server.info("server")) ?? [];
  return Number(pid);
}

/** Has a replica all that it has? One that has just been started may not even have begun. */
async function isCopied(master: Redis): Promise<boolean> {
  const said = await master.info("replication");
  const [, offset] = /master_repl_offset:(\d+)/.exec(said) ?? [];
  return [...said.matchAll(/^slave\d+:.*state=online,offset=(\d+)/gm)].some(([, has]) => has === offset);
}
