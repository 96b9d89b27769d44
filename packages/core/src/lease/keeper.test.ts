import { describe, expect, it } from "vitest";
import type { Frame, HoldOutcome, Profile, Timer } from "../contract/index.ts";
import { memoryProfile } from "../memory/profile.ts";
import { pause } from "../pause.ts";
import { frameOf } from "../testing/frames.ts";
import { BrokerError, receiptOf, scripted } from "../testing/scripted-backend.ts";
import { Hold } from "./hold.ts";
import { Keeper, safetyMarginMs } from "./keeper.ts";

const LEASE_MS = 3_000;
const MARGIN_MS = 300;

function start(random = 0.5, totalCapMs?: number, profile?: Partial<Profile>) {
  const { clock, backend, calls } = scripted(profile);
  const timers = new Set<number>();
  const capped: [number, string][] = [];
  const beats: number[] = [];
  const renewals: [number, string[], number][] = [];
  const watched = Object.assign(Object.create(clock) as typeof clock, {
    now: () => clock.now(),
    after(ms: number, run: () => void): Timer {
      const key = Math.random();
      timers.add(key);
      const timer = clock.after(ms, () => {
        timers.delete(key);
        run();
      });
      return {
        cancel: () => {
          timers.delete(key);
          timer.cancel();
        },
      };
    },
  });
  const keeper = new Keeper({
    calls,
    clock: watched,
    random: () => random,
    leaseMs: LEASE_MS,
    ...(totalCapMs === undefined ? {} : { totalCapMs }),
    onBeat: () => beats.push(clock.now()),
    onCap: (hold) => capped.push([clock.now(), hold.state.at]),
  });
  backend.onRenew = (receipts, leaseMs) => {
    renewals.push([clock.now(), receipts.map((one) => (one as unknown as { label: string }).label), leaseMs]);
    return receipts.map(() => "ok");
  };
  const lost: string[] = [];
  const take = (name: string, requestedAt = clock.now()) => {
    const onLost = (_: Hold, why: string) => lost.push(`${name} ${why} ${clock.now()}`);
    const hold = new Hold(receiptOf(name), frameOf(), 0, keeper.deadlineFrom(requestedAt), onLost);
    keeper.add(hold);
    return hold;
  };
  const begin = (hold: Hold) => keeper.apply(hold, "begin", clock.now());
  const settle = (hold: Hold) => keeper.apply(hold, "settle", clock.now());
  return { clock, backend, keeper, timers, beats, capped, renewals, lost, take, begin, settle };
}

const beatMs = (random: number) => (LEASE_MS / 3) * (0.8 + 0.2 * random);

describe("safetyMarginMs", () => {
  it.each([
    [100, 10],
    [3_000, 300],
    [10_000, 1_000],
    [60_000, 1_000],
  ])("of a lease of %d ms is %d ms", (leaseMs, expected) => {
    expect(safetyMarginMs(leaseMs)).toBe(expected);
  });
});

describe("Keeper", () => {
  it.each([0, 0.5, 0.99])(
    "renews all in one batch, about every third of a lease (draw %d), and counts from before the request",
    async (random) => {
      const { clock, keeper, renewals, take, begin } = start(random);
      const [a, b] = [take("a"), take("b")];
      begin(a);
      await clock.advance(LEASE_MS * 10);
      const step = beatMs(random);
      expect(step).toBeGreaterThanOrEqual((LEASE_MS * 0.8) / 3);
      expect(step).toBeLessThanOrEqual(LEASE_MS / 3);
      renewals.forEach(([at, names, leaseMs], index) => {
        expect(at).toBeCloseTo(step * (index + 1), 6);
        expect([names, leaseMs]).toEqual([["a", "b"], LEASE_MS]);
      });
      expect(renewals).toHaveLength(Math.floor((LEASE_MS * 10) / step + 1e-9));
      expect(a.deadline).toBeCloseTo((renewals.at(-1)?.[0] as number) + LEASE_MS - MARGIN_MS, 6);
      expect([a.state.at, b.state.at, keeper.size]).toEqual(["running", "held", 2]);
    },
  );

  it("says once that half of the broker's cap is over for what has not begun, and nine tenths for what runs", async () => {
    const capMs = LEASE_MS * 10;
    const { clock, keeper, capped, take, begin } = start(0.5, capMs);
    const waiting = take("a");
    begin(take("b"));
    await clock.advance(capMs / 2 - 1);
    expect(capped).toEqual([]);
    await clock.advance(1);
    expect(capped).toEqual([[capMs / 2, "held"]]);
    keeper.apply(waiting, "settle", clock.now());
    keeper.apply(waiting, "settled");
    await clock.advance(capMs);
    expect(capped.slice(1)).toEqual([[capMs * 0.9, "running"]]);
  });

  it("asks for what the broker's cap leaves of a lease, and for nothing beyond", async () => {
    const capMs = LEASE_MS * 4;
    const { clock, renewals, lost, take, begin } = start(0.5, capMs);
    begin(take("old"));
    await clock.advance(LEASE_MS * 2.5);
    begin(take("young"));
    renewals.length = 0;
    await clock.advance(LEASE_MS * 1.5);
    const [old, young] = ["old", "young"].map((name) => renewals.filter(([, names]) => names.includes(name)));
    expect(old?.some(([, , leaseMs]) => leaseMs < LEASE_MS)).toBe(true);
    for (const [at, names, leaseMs] of old ?? []) {
      expect(leaseMs).toBeGreaterThan(0);
      expect(at + leaseMs).toBeLessThanOrEqual(capMs);
      if (leaseMs < LEASE_MS) expect(names).toEqual(["old"]);
    }
    // The other one goes on as ever.
    expect(young?.map(([, , leaseMs]) => leaseMs)).toEqual(young?.map(() => LEASE_MS));
    expect(lost).toEqual([`old expired ${capMs - 2 * MARGIN_MS}`]);
  });

  it("says nothing of a cap where there is none", async () => {
    const { clock, capped, take } = start();
    take("a");
    await clock.advance(LEASE_MS * 1_000);
    expect(capped).toEqual([]);
  });

  it("counts a renewed lease from before the request, however long the answer takes", async () => {
    const { clock, backend, take } = start();
    backend.onRenew = async (receipts) => {
      await new Promise<void>((resolve) => void clock.after(LEASE_MS / 10, resolve));
      return receipts.map(() => "ok");
    };
    const hold = take("a");
    await clock.advance(beatMs(0.5) + LEASE_MS / 10);
    expect(hold.deadline).toBe(beatMs(0.5) + LEASE_MS - MARGIN_MS);
  });

  it("skips what is fresh until the next beat", async () => {
    const { clock, renewals, take } = start();
    take("old");
    await clock.advance(beatMs(0.5) - 1);
    take("fresh");
    await clock.advance(1);
    expect(renewals.map(([, names]) => names)).toEqual([["old"]]);
    await clock.advance(beatMs(0.5));
    expect(renewals.map(([, names]) => names)).toEqual([["old"], ["fresh", "old"]]);
  });

  it("asks for those first whose leases end first, whenever they were taken", async () => {
    const { clock, renewals, take } = start();
    await clock.advance(LEASE_MS);
    for (const [name, ago] of Object.entries({ c: 100, a: 500, d: 0, b: 300 })) take(name, clock.now() - ago);
    await clock.advance(beatMs(0.5));
    expect(renewals.map(([, names]) => names)).toEqual([["a", "b", "c", "d"]]);
  });

  it("loses nothing where a beat has time for half of what is held", async () => {
    const limits = { ...memoryProfile.limits, batchFrames: 1 };
    const { clock, backend, keeper, lost, take } = start(0.5, undefined, { limits });
    let answered = 0;
    backend.onRenew = async (receipts, _, signal) => {
      await pause(clock, LEASE_MS / 10, signal);
      if (signal.aborted) throw signal.reason;
      answered += 1;
      return receipts.map(() => "ok");
    };
    for (let index = 0; index < 20; index += 1) take(`${index}`);
    await clock.advance(beatMs(0.5) + LEASE_MS / 6);
    expect(answered).toBe(10);
    await clock.advance(10 * LEASE_MS);
    expect([lost, keeper.size]).toEqual([[], 20]);
  });

  it("tells the holder once when the broker says that it is lost, and the others go on", async () => {
    const { clock, backend, keeper, lost, take, begin } = start();
    begin(take("a"));
    begin(take("b"));
    backend.onRenew = (receipts) => receipts.map((_, index) => (index === 0 && receipts.length === 2 ? "lost" : "ok"));
    await clock.advance(2 * LEASE_MS);
    expect(lost).toEqual([`a fenced ${beatMs(0.5)}`]);
    expect(keeper.size).toBe(1);
  });

  it.each<[string, (renewal: { backend: ReturnType<typeof scripted>["backend"] }) => void]>([
    [
      "fails",
      ({ backend }) => {
        backend.onRenew = () => {
          throw new BrokerError("UNAVAILABLE");
        };
      },
    ],
    [
      "is refused for want of a right",
      ({ backend }) => {
        backend.onRenew = () => {
          throw new BrokerError("DENIED");
        };
      },
    ],
    [
      "is never answered",
      ({ backend }) => {
        backend.onRenew = (_, __, signal) =>
          new Promise((_resolve, reject) =>
            signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
          );
      },
    ],
    [
      "fails for each receipt",
      ({ backend }) => {
        backend.onRenew = (receipts) => receipts.map(() => ({ failed: new BrokerError("THROTTLED") }));
      },
    ],
    [
      "has an answer too few",
      ({ backend }) => {
        backend.onRenew = (receipts) => receipts.slice(1).map(() => "ok");
      },
    ],
  ])("a renewal that %s: the lease ends at its holder's deadline, not later and not earlier", async (_, fail) => {
    const { clock, backend, keeper, lost, take, begin } = start();
    fail({ backend });
    begin(take("a"));
    await clock.advance(LEASE_MS - MARGIN_MS - 1);
    expect(lost).toEqual([]);
    await clock.advance(2);
    expect(lost).toEqual([`a expired ${LEASE_MS - MARGIN_MS}`]);
    expect(keeper.size).toBe(0);
  });

  it("recovers when a later renewal succeeds in time", async () => {
    const { clock, backend, keeper, lost, take, begin } = start();
    begin(take("a"));
    const usual = backend.onRenew;
    backend.onRenew = () => {
      throw new BrokerError("UNAVAILABLE");
    };
    await clock.advance(LEASE_MS / 2);
    backend.onRenew = usual;
    await clock.advance(5 * LEASE_MS);
    expect([lost, keeper.size]).toEqual([[], 1]);
  });

  it("a lease that was asked for long ago ends at its own deadline though a beat is due later", async () => {
    const { clock, backend, lost, take, begin } = start();
    backend.onRenew = () => {
      throw new BrokerError("UNAVAILABLE");
    };
    await clock.advance(LEASE_MS);
    take("young");
    const old = take("old", clock.now() - LEASE_MS + MARGIN_MS + 200);
    begin(old);
    await clock.advance(201);
    expect(lost).toEqual([`old expired ${LEASE_MS + 200}`]);
  });

  it("never renews what settles, nor what is settled", async () => {
    const { clock, keeper, renewals, lost, take, begin, settle } = start();
    const [a, b, c] = [take("a"), take("b"), take("c")];
    for (const hold of [a, b, c]) begin(hold);
    expect([settle(a), settle(b)]).toEqual([true, true]);
    keeper.apply(b, "settled");
    await clock.advance(LEASE_MS - MARGIN_MS);
    expect(new Set(renewals.flatMap(([, names]) => names))).toEqual(new Set(["c"]));
    expect(lost).toEqual([`a expired ${LEASE_MS - MARGIN_MS}`]);
    expect([a.deadline, b.deadline]).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  });

  it("does not renew twice at a time", async () => {
    const { clock, backend, take } = start();
    let open = 0;
    let most = 0;
    backend.onRenew = (receipts, _, signal) => {
      open += 1;
      most = Math.max(most, open);
      return new Promise((resolve) =>
        signal.addEventListener("abort", () => {
          open -= 1;
          resolve(receipts.map(() => "ok"));
        }),
      );
    };
    take("a");
    await clock.advance(3 * LEASE_MS);
    expect(most).toBe(1);
  });

  it("a late answer revives nothing", async () => {
    const { clock, backend, lost, take, begin } = start();
    let answer!: () => void;
    backend.onRenew = (receipts) => new Promise((resolve) => (answer = () => resolve(receipts.map(() => "ok"))));
    const hold = take("a");
    begin(hold);
    await clock.advance(LEASE_MS);
    expect(lost).toHaveLength(1);
    answer();
    await clock.settle();
    expect(hold.state).toEqual({ at: "lost", why: "expired" });
  });

  it("may begin and write only while the lease lasts", async () => {
    const { clock, backend, take, begin, settle } = start();
    backend.onRenew = () => {
      throw new BrokerError("DENIED");
    };
    const [a, b] = [take("a"), take("b")];
    expect([begin(a), begin(a), settle(a), settle(a), begin(a)]).toEqual([true, true, true, false, false]);
    await clock.advance(LEASE_MS);
    expect([begin(b), settle(b)]).toEqual([false, false]);
  });

  it("has one timer while anything is held, none when nothing is, and none after close", async () => {
    const { clock, keeper, timers, take, begin, settle } = start();
    expect(timers.size).toBe(0);
    const holds = ["a", "b", "c"].map((name) => take(name));
    expect(timers.size).toBe(1);
    await clock.advance(LEASE_MS);
    expect(timers.size).toBe(1);
    for (const hold of holds) {
      begin(hold);
      settle(hold);
      keeper.apply(hold, "settled");
    }
    await clock.advance(LEASE_MS);
    expect(timers.size).toBe(0);
    take("d");
    expect(timers.size).toBe(1);
    keeper.close();
    keeper.close();
    expect(timers.size).toBe(0);
  });

  it("beats after the renewals were sent, also when nothing is due", async () => {
    const { clock, beats, renewals, take } = start();
    take("a");
    await clock.advance(beatMs(0.5));
    expect(beats).toEqual([beatMs(0.5)]);
    expect(renewals).toHaveLength(1);
  });

  it.each<[string, number, HoldOutcome | "fails", (number | undefined)[]]>([
    ["granted: a whole lease from before the renewal", LEASE_MS * 2, "ok", [LEASE_MS * 2 + LEASE_MS - MARGIN_MS]],
    ["lost: none", LEASE_MS / 2, "lost", [undefined]],
    ["not answered, some of the lease is left: that", LEASE_MS / 2, "fails", [LEASE_MS - MARGIN_MS]],
    ["not answered, nothing is left: none", LEASE_MS, "fails", [undefined]],
  ])("makes whole what came late; %s", async (_, waitedMs, answer, expected) => {
    const { clock, backend, keeper } = start();
    backend.onRenew = (receipts) => {
      if (answer === "fails") throw new BrokerError("UNAVAILABLE");
      return receipts.map(() => answer);
    };
    await clock.advance(waitedMs);
    let deadlines: unknown;
    void keeper.makeWhole([{ receipt: receiptOf("a") }], 0).then((found) => {
      deadlines = found;
    });
    await clock.advance(LEASE_MS / 6);
    expect(deadlines).toEqual(expected);
    expect(keeper.size).toBe(0);
  });

  describe("counts tasks, of packs too", () => {
    const packOf = (count: number) => ({ ...plainOf(frameOf()), count }) as Frame;
    const plainOf = ({ run, first, tasks, lost }: Frame) => ({ run, first, tasks, lost });

    it("those that have no outcome yet, in all that is held", () => {
      const { clock, keeper, take } = start();
      const single = take("a");
      const pack = new Hold(receiptOf("p"), packOf(3), 0, keeper.deadlineFrom(0));
      keeper.add(pack);
      expect([keeper.size, keeper.tasks, pack.left]).toEqual([2, 4, 3]);
      expect([keeper.ended(pack), keeper.tasks]).toEqual([false, 3]);
      keeper.apply(single, "settle", clock.now());
      keeper.apply(single, "settled");
      expect([keeper.size, keeper.tasks]).toEqual([1, 2]);
      expect([keeper.ended(pack), keeper.ended(pack), keeper.tasks]).toEqual([false, true, 0]);
      expect(keeper.size).toBe(1);
      keeper.apply(pack, "settle", clock.now());
      keeper.apply(pack, "settled");
      expect([keeper.size, keeper.tasks]).toEqual([0, 0]);
    });

    it("none of a pack that is lost, whatever is said of it afterwards", () => {
      const { keeper } = start();
      const pack = new Hold(receiptOf("p"), packOf(3), 0, keeper.deadlineFrom(0));
      keeper.add(pack);
      keeper.ended(pack);
      keeper.apply(pack, "refused");
      expect([keeper.size, keeper.tasks]).toEqual([0, 0]);
      expect([keeper.ended(pack), keeper.ended(pack)]).toEqual([false, true]);
      expect(keeper.tasks).toBe(0);
    });

    it("a probe as one", () => {
      const { keeper } = start();
      keeper.add(new Hold(receiptOf("p"), packOf(0), 0, keeper.deadlineFrom(0)));
      expect(keeper.tasks).toBe(1);
    });
  });

  it("renews a pack of which tasks were written, until it is settled", async () => {
    const { clock, keeper, renewals, take } = start();
    const hold = take("pack");
    keeper.apply(hold, "begin", clock.now());
    expect(keeper.apply(hold, "prove", clock.now())).toBe(true);
    await clock.advance(2 * LEASE_MS);
    const { length } = renewals;
    expect(length).toBeGreaterThan(3);
    expect(keeper.apply(hold, "begin", clock.now())).toBe(true);
    expect(keeper.apply(hold, "settle", clock.now())).toBe(true);
    expect(keeper.apply(hold, "prove", clock.now())).toBe(false);
    await clock.advance(LEASE_MS / 2);
    expect(renewals).toHaveLength(length);
  });
});
