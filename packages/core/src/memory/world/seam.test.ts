import { describe, expect, it } from "vitest";
import type { Delivery } from "../../contract/index.ts";
import { all, Bench, counted, DEAD, frame, LEASE_MS, never, REPLY, textsOf, those, WORK } from "./testing.ts";

const timed = those(({ lease }) => lease.kind === "timed");
const session = those(({ lease }) => lease.kind === "session");
const message = those(({ sharing }) => sharing === "message");
const one = (held: readonly Delivery[]) => held[0] as Delivery;

describe.each(all)("memory as %s", (character) => {
  it("brings what was sent, once, whatever its bytes where it takes bytes, and never more than asked for", async () => {
    const bench = await Bench.open(character);
    const texts = Array.from({ length: 10 }, (_, at) => `frame-${at}`);
    expect(await bench.send(texts)).toEqual(texts.map(() => "ok"));
    const first = await bench.take({ max: 3 });
    expect(first.length).toBeLessThanOrEqual(3);
    const rest = await bench.takeAll();
    expect(textsOf([...first, ...rest]).sort()).toEqual(texts);
    expect(await bench.ack([...first, ...rest].slice(0, 10))).toEqual(texts.map(() => "ok"));
    await bench.clock.advance(LEASE_MS * 20);
    expect(await bench.take()).toEqual([]);
  });

  it("answers an empty receive when its wait is over, and wakes it for what is sent", async () => {
    const bench = await Bench.open(character);
    expect(await bench.take({ waitMs: 500 })).toEqual([]);
    expect(bench.clock.now()).toBe(500);
    const waiting = bench.first.receive(WORK, { max: 5, waitMs: 10_000, leaseMs: LEASE_MS }, never);
    await bench.clock.advance(2_500);
    await bench.send(["a"]);
    expect(textsOf(await bench.until(waiting))).toEqual(["a"]);
    expect(bench.clock.now()).toBe(3_000);
  });

  it("gives each frame to one of many receivers", async () => {
    const bench = await Bench.open(character);
    const receivers = Array.from({ length: 8 }, () =>
      bench.first.receive(WORK, { max: 3, waitMs: 5_000, leaseMs: LEASE_MS }, never),
    );
    for (let batch = 0; batch < 4; batch += 1) await bench.send([0, 1, 2, 3, 4].map((at) => `${batch}-${at}`));
    const got = await bench.until(Promise.all(receivers));
    const rest = await bench.takeAll();
    const texts = textsOf([...got.flat(), ...rest]);
    expect(new Set(texts).size).toBe(20);
    expect(texts.length).toBe(20);
  });

  it("ends a wait when its signal fires, and strands nothing", async () => {
    const bench = await Bench.open(character);
    const controller = new AbortController();
    const waiting = bench.first.receive(WORK, { max: 5, waitMs: 60_000, leaseMs: LEASE_MS }, controller.signal);
    await bench.clock.advance(100);
    controller.abort();
    expect(await bench.until(waiting)).toEqual([]);
    expect(bench.clock.now()).toBe(100);
    await bench.send(["a", "b"]);
    expect(textsOf(await bench.takeAll()).sort()).toEqual(["a", "b"]);
  });

  it("gives back what is not renewed, after its lease and not before", async () => {
    const bench = await Bench.open(character);
    await bench.send(["a"]);
    const held = await bench.take();
    await bench.clock.advance(LEASE_MS - 200);
    expect(await bench.take({ waitMs: 0 })).toEqual([]);
    await bench.clock.advance(200);
    expect(counted(await bench.take({ waitMs: 1_000 }))).toEqual(["a×1"]);
    if (bench.first.profile.fencing !== "best-effort") expect(await bench.ack(held)).toEqual(["lost"]);
    expect(await bench.renew(held)).toEqual(["lost"]);
  });

  it("keeps a lease that is renewed, beyond three leases", async () => {
    const bench = await Bench.open(character);
    await bench.send(["a"]);
    const held = await bench.take();
    for (let third = 0; third < 10; third += 1) {
      await bench.clock.advance(LEASE_MS / 3);
      expect(await bench.renew(held)).toEqual(["ok"]);
    }
    expect(await bench.take()).toEqual([]);
    expect(await bench.ack(held)).toEqual(["ok"]);
  });

  it("counts releases as its profile says", async () => {
    const bench = await Bench.open(character);
    await bench.send(["a"]);
    for (let round = 0; round < 3; round += 1) {
      const held = await bench.take();
      expect(one(held).redelivery).toBe(bench.first.profile.redelivery === "grants" ? round : 0);
      expect(await bench.release(held)).toEqual(["ok"]);
    }
  });

  it("counts losses as its profile says", async () => {
    const bench = await Bench.open(character);
    await bench.send(["a"]);
    for (let round = 0; round < 3; round += 1) {
      const held = await bench.take({ waitMs: LEASE_MS * 2 });
      expect(one(held).redelivery).toBe(bench.first.profile.redelivery === "once" ? Math.min(1, round) : round);
      await bench.clock.advance(LEASE_MS);
    }
  });

  it("answers a second settlement with ok or lost, without effect", async () => {
    const bench = await Bench.open(character);
    await bench.send(["a", "b"]);
    const [a, b] = (await bench.takeAll()) as [Delivery, Delivery];
    expect([await bench.ack(a), await bench.release(b)]).toEqual([["ok"], ["ok"]]);
    for (const again of [await bench.ack([a, a]), await bench.release(a), await bench.renew(b)])
      for (const outcome of again) expect(["ok", "lost"]).toContain(outcome);
    await bench.ack(b);
    expect((await bench.takeAll()).length).toBe(1);
  });

  it("refuses a frame above its limit, in its place, and a call that is too large as a whole", async () => {
    const bench = await Bench.open(character);
    const { frameBytes, batchFrames } = bench.first.profile.limits;
    const large = frame("large", { bytes: Buffer.alloc(frameBytes + 1, "x") });
    const outcomes = await bench.send(["a", large, "b"]);
    expect(outcomes.map((outcome) => String(outcome).split(":")[0])).toEqual(["ok", "TOO_LARGE", "ok"]);
    expect(textsOf(await bench.takeAll()).sort()).toEqual(["a", "b"]);
    const many = Array.from({ length: batchFrames + 1 }, (_, at) => `${at}`);
    await expect(bench.send(many)).rejects.toMatchObject({ code: "TOO_LARGE" });
  });

  it("says when a queue is gone, or loses the frame without a word: as its profile says", async () => {
    const bench = await Bench.open(character);
    const absent = { ...REPLY, name: "never-was" };
    expect(await bench.send(["a"], absent)).toEqual([bench.first.profile.knowsGone ? "gone" : "ok"]);
  });

  it("has the verbs of its profile and no others, and is closed after close", async () => {
    const bench = await Bench.open(character);
    const verbs = (["move", "depth", "browse", "purge", "remove"] as const).filter((verb) => bench.first[verb]);
    expect(verbs.sort()).toEqual([...bench.first.profile.verbs].sort());
    await bench.until(Promise.all([bench.first.close(), bench.first.close()]));
    await expect(bench.send(["a"])).rejects.toMatchObject({ code: "CLOSED" });
    await expect(bench.take()).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("releases what a session holds when it closes, without a loss", async () => {
    const bench = await Bench.open(character);
    await bench.send(["a", "b"]);
    expect((await bench.takeAll()).length).toBe(2);
    const other = await bench.another();
    await bench.until(bench.first.close());
    const got = await bench.takeAll(other);
    const redelivery = bench.first.profile.redelivery === "grants" ? 1 : 0;
    expect(counted(got)).toEqual([`a×${redelivery}`, `b×${redelivery}`]);
  });

  it("sees and empties what lies among the dead", async () => {
    const bench = await Bench.open(character);
    await bench.send(["x", "y", "z"], DEAD);
    const first = await bench.first.browse?.(DEAD, { max: 2 }, never);
    const second = await bench.first.browse?.(DEAD, { max: 2, cursor: first?.cursor }, never);
    expect([first?.frames, second?.frames].flatMap((frames) => textsOf(frames ?? []))).toEqual(["x", "y", "z"]);
    expect(second?.cursor).toBeUndefined();
    expect(await bench.first.purge?.(DEAD, never)).toBe(3);
    expect(await bench.first.depth?.(DEAD, never)).toMatchObject({ ready: 0, leased: 0, delayed: 0 });
  });

  it("keeps what was acknowledged over a restart, or nothing where it is told so", async () => {
    const bench = await Bench.open(character);
    await bench.send(["kept"]);
    bench.first.restart();
    await bench.clock.advance(1_000);
    expect(textsOf(await bench.takeAll())).toEqual(["kept"]);
    await bench.send(["lost"]);
    bench.first.restart({ keep: false });
    await bench.clock.advance(1_000);
    expect(await bench.take()).toEqual([]);
  });

  it("is unavailable during an outage, and is back by itself", async () => {
    const bench = await Bench.open(character);
    const waiting = bench.first.receive(WORK, { max: 5, waitMs: 120_000, leaseMs: LEASE_MS }, never);
    await bench.clock.settle();
    bench.first.stopBroker();
    const failure = await bench.send(["a"]).catch((error: unknown) => bench.first.classify(error).code);
    expect(failure).toBe("UNAVAILABLE");
    await bench.clock.advance(60_000);
    bench.first.startBroker();
    await bench.clock.advance(5_000);
    expect(await bench.send(["a"])).toEqual(["ok"]);
    expect(textsOf(await bench.until(waiting))).toEqual(["a"]);
  });
});

describe.each(message)("memory as %s, delays", (character) => {
  it("brings a delayed frame not early, and late by its precision at most; a longer one does not hold it up", async () => {
    const bench = await Bench.open(character);
    const { delayPrecisionMs } = bench.first.profile.limits;
    const delays = [60_000, 0, 1_001, 7_777];
    await bench.send(delays.map((delayMs) => frame(String(delayMs), { delayMs })));
    for (const due of [0, 1_001, 7_777, 60_000]) {
      const got = await bench.take({ waitMs: 100_000 });
      expect(textsOf(got)).toEqual([String(due)]);
      expect(bench.clock.now()).toBeGreaterThanOrEqual(due);
      expect(bench.clock.now()).toBeLessThanOrEqual(due + delayPrecisionMs);
      await bench.ack(got);
    }
  });

  it("refuses a delay above its caps", async () => {
    const bench = await Bench.open(character);
    const { sendDelayMs, releaseDelayMs } = bench.first.profile;
    await bench.send(["a"]);
    const held = await bench.take();
    if (releaseDelayMs < Number.MAX_SAFE_INTEGER)
      expect(await bench.release(held, releaseDelayMs + 1)).toEqual([expect.stringContaining("MISMATCH")]);
    if (sendDelayMs < Number.MAX_SAFE_INTEGER)
      expect(await bench.send([frame("b", { delayMs: sendDelayMs + 1 })])).toEqual([
        expect.stringContaining("MISMATCH"),
      ]);
    expect(await bench.release(held, Math.min(releaseDelayMs, 2_000))).toEqual(["ok"]);
    expect(textsOf(await bench.take({ waitMs: 5_000 }))).toEqual(["a"]);
    expect(bench.clock.now()).toBeGreaterThanOrEqual(Math.min(releaseDelayMs, 2_000));
  });
});

describe("a frame of a family", () => {
  it.each(those(({ dedupeLive }) => dedupeLive))("is refused as a duplicate while it lives: %s", async (character) => {
    const bench = await Bench.open(character);
    expect(await bench.send(["a", "a", frame("copy", { id: "a", first: false })])).toEqual(["ok", "duplicate", "ok"]);
    await bench.ack(await bench.takeAll());
    expect(await bench.send(["a"])).toEqual(["ok"]);
  });

  it.each(those(({ dedupeLive }) => !dedupeLive))("is no duplicate: %s", async (character) => {
    const bench = await Bench.open(character);
    expect(await bench.send(["a", "a"])).toEqual(["ok", "ok"]);
  });

  it("is refused for the window where the profile has one", async () => {
    const bench = await Bench.open("redis", { profile: { dedupeLive: false, dedupeWindowMs: 1_000 } });
    expect(await bench.send(["a"])).toEqual(["ok"]);
    await bench.ack(await bench.takeAll());
    expect(await bench.send(["a"])).toEqual(["duplicate"]);
    await bench.clock.advance(1_000);
    expect(await bench.send(["a"])).toEqual(["ok"]);
  });
});

describe("leases", () => {
  it.each(timed)(
    "are the broker's where they are timed: of a process that died they run out: %s",
    async (character) => {
      const bench = await Bench.open(character);
      const other = await bench.another();
      await bench.send(["a"]);
      await bench.take({}, other);
      other.kill();
      expect(counted(await bench.take({ waitMs: LEASE_MS * 3 }))).toEqual(["a×1"]);
      expect(bench.clock.now()).toBe(LEASE_MS);
    },
  );

  it.each(session)(
    "are the session's elsewhere: of one that died they end when that is noticed: %s",
    async (character) => {
      const bench = await Bench.open(character, { mechanics: { partitions: 1 } });
      const other = bench.first.session();
      await bench.send(["a"]);
      // The first of a group has every partition: so the holder is the one that dies.
      const held = await bench.take();
      await bench.join(other);
      bench.first.kill();
      const { lease } = other.profile;
      const detectionMs = lease.kind === "session" ? lease.detectionMs : 0;
      expect(counted(await bench.take({ waitMs: detectionMs * 2 }, other))).toEqual(["a×1"]);
      expect(bench.clock.now()).toBe(detectionMs);
      expect(held.length).toBe(1);
    },
  );

  it("fail beyond the total cap, and end at it: sqs", async () => {
    const bench = await Bench.open("sqs", { profile: { lease: { kind: "timed", stepMs: 1_000, totalCapMs: 10_000 } } });
    await bench.send(["a"]);
    const held = await bench.take();
    for (let at = 0; at < 3; at += 1) {
      await bench.clock.advance(2_000);
      expect(await bench.renew(held)).toEqual(["ok"]);
    }
    await bench.clock.advance(2_000);
    expect(await bench.renew(held)).toEqual([expect.stringContaining("MISMATCH")]);
    expect(await bench.ack(held)).toEqual(["ok"]);
  });

  it("are whole steps: sqs", async () => {
    const bench = await Bench.open("sqs");
    await bench.send(["a"]);
    await bench.take({ leaseMs: 1_500 });
    await bench.clock.advance(1_900);
    expect(await bench.take({ waitMs: 0 })).toEqual([]);
    await bench.clock.advance(100);
    expect(textsOf(await bench.take({ waitMs: 0 }))).toEqual(["a"]);
  });

  it("end at the cap of a session's, without a loss: rabbitmq", async () => {
    const lease = { kind: "session", totalCapMs: 10_000, detectionMs: 20_000 } as const;
    const bench = await Bench.open("rabbitmq", { profile: { lease } });
    await bench.send(["a"]);
    const held = await bench.take();
    for (let at = 0; at < 9; at += 1) {
      await bench.clock.advance(1_000);
      expect(await bench.renew(held)).toEqual(["ok"]);
    }
    await bench.clock.advance(1_000);
    expect(await bench.renew(held)).toEqual(["lost"]);
    expect(counted(await bench.take())).toEqual(["a×0"]);
  });
});
