import { describe, expect, it } from "vitest";
import { BodyCodec } from "./codec/body.ts";
import { packFrame, packTask } from "./codec/maker.ts";
import { codecOf } from "./codec/testing.ts";
import type { Delivery, DispatchEvent, OutFrame, Profile, Queue } from "./contract/index.ts";
import { queueKey } from "./contract/index.ts";
import { Delays } from "./delays.ts";
import { Routes } from "./routes.ts";
import { bodyOf, decoded, type FrameOptions, outFrame, RUN } from "./testing/frames.ts";
import { aborted, BrokerError, scripted } from "./testing/scripted-backend.ts";

const LEASE_MS = 3_000;
const TIERS: Partial<Profile> = {
  sendDelayMs: 0,
  releaseDelayMs: 0,
  lease: { kind: "timed", stepMs: 1, totalCapMs: 100_000 },
};

/** Pumps on a scripted backend that is given frames for a queue. */
function bench(profile: Partial<Profile> = TIERS, delayPrecisionMs = 100, frameBytes?: number) {
  const { limits } = scripted().backend.profile;
  const bounds = { ...limits, delayPrecisionMs, frameBytes: frameBytes ?? limits.frameBytes };
  const world = scripted({ ...profile, limits: bounds });
  const { clock, backend, calls, random } = world;
  const events: DispatchEvent[] = [];
  const arrivals = new Map<string, { frames: Delivery[]; wake: (() => void) | undefined }>();
  const arrival = (queue: Queue) => {
    const key = queueKey(queue);
    const found = arrivals.get(key) ?? { frames: [], wake: undefined };
    arrivals.set(key, found);
    return found;
  };
  backend.onReceive = async (queue, { max }, signal) => {
    const place = arrival(queue);
    if (place.frames.length === 0)
      await Promise.race([aborted(signal), new Promise<void>((resolve) => (place.wake = resolve))]);
    return place.frames.splice(0, max);
  };
  const delays = new Delays({
    calls,
    clock,
    random,
    observer: (event) => events.push(event),
    routes: new Routes(backend.profile),
    codec: new BodyCodec({ profile: backend.profile, clock, random }),
    queue: "default",
    worker: "w1",
    leaseMs: LEASE_MS,
    sentOn: () => {},
  });
  const stop = new AbortController();
  delays.run(stop.signal);
  let count = 0;
  const put = async (queue: Queue, ...frames: readonly { readonly bytes: Uint8Array }[]) => {
    const place = arrival(queue);
    for (const { bytes } of frames) {
      place.frames.push({ receipt: Object.assign({ queue }, { label: String(count) }), bytes, redelivery: 0 });
      count += 1;
    }
    place.wake?.();
    await clock.settle();
  };
  const waiting = (
    index: number,
    dueInMs: number,
    options: FrameOptions & { readonly lane?: string; of?: string } = {},
  ) => {
    const dueAt = clock.wall() + dueInMs;
    const { lane = "normal", of = "default", ...rest } = options;
    return outFrame({ index, ...rest, waiting: { queue: of, lane, dueAt, leaveAt: dueAt } });
  };
  const sent = () =>
    backend.sent.map(({ queue, frame }) => `${queueKey(queue)} ${frame.name.split("/")[1]} after ${frame.delayMs}`);
  const close = async () => {
    stop.abort();
    const closed = delays.close();
    await clock.advance(LEASE_MS);
    await closed;
  };
  return { ...world, events, delays, put, waiting, sent, stop, close };
}

const tier = (ms: number): Queue => ({ role: "tier", name: String(ms), of: "" });
const later: Queue = { role: "later", name: "later", of: "default" };
const calls = (log: readonly string[], word: string) => log.filter((one) => one.startsWith(word));

describe("pumps", () => {
  it("are none where the broker's own delay reaches, and then nothing is received", async () => {
    const { backend, close, clock } = bench({});
    await clock.advance(60_000);
    await close();
    expect(backend.log).toEqual([]);
  });

  it.each([
    ["the later queue", { sendDelayMs: 900_000 }, ["receive later/later"]],
    ["the later queue where only releases wait", { sendDelayMs: 0 }, ["receive later/later"]],
    [
      "each tier",
      { ...TIERS, lease: { kind: "timed", stepMs: 1, totalCapMs: 1_000 } as const },
      ["receive tier/100", "receive tier/200", "receive tier/400"],
    ],
  ])("are one for %s", async (_, profile, log) => {
    const { backend, close, clock } = bench(profile);
    await clock.settle();
    expect(backend.log).toEqual(log);
    await close();
  });
});

describe("a frame in a tier", () => {
  it("is held and renewed until it leaves, then goes to its lane, its next name, and is acked", async () => {
    const { backend, put, waiting, sent, clock, close } = bench();
    await put(tier(25_600), waiting(0, 25_600, { lane: "low", priority: 2 }));
    await clock.advance(25_599);
    expect(sent()).toEqual([]);
    expect(calls(backend.log, "renew 0").length).toBeGreaterThan(8);
    await clock.advance(1);
    expect([sent(), calls(backend.log, "ack")]).toEqual([["default/work/low 0#0.0~1 after 0"], ["ack 0"]]);
    const renewals = calls(backend.log, "renew").length;
    await clock.advance(LEASE_MS * 10);
    expect(calls(backend.log, "renew")).toHaveLength(renewals);
    await close();
  });

  it("goes from the larger to the smaller, each of its own queue's tasks to its own", async () => {
    const { backend, put, sent, clock, close } = bench();
    const [wallMs, dueInMs] = [clock.wall(), 700];
    const waiting = { queue: "mails", lane: "high", dueAt: wallMs + dueInMs, leaveAt: wallMs + 400 };
    await put(tier(400), outFrame({ waiting }));
    await clock.advance(400);
    expect(sent()).toEqual(["/tier/200 0#0.0~1 after 0"]);
    const hop = backend.sent[0]?.frame as OutFrame;
    expect(decoded(hop.bytes)).toMatchObject({ dueAt: wallMs + dueInMs, leaveAt: wallMs + 600, lane: "high" });
    await put(tier(200), hop);
    await clock.advance(200);
    await put(tier(100), backend.sent[1]?.frame as OutFrame);
    await clock.advance(100);
    expect(sent().slice(1)).toEqual(["/tier/100 0#0.0~2 after 0", "mails/work/high 0#0.0~3 after 0"]);
    await close();
  });

  it("goes back for the rest where the broker can do that", async () => {
    const { backend, put, waiting, close } = bench({ ...TIERS, releaseDelayMs: 1_000_000 });
    await put(later, waiting(0, 400));
    expect(calls(backend.log, "release")).toEqual(["release 0"]);
    await close();
  });

  it("is given back, at once, when the worker stops, and is no more renewed", async () => {
    const { backend, put, waiting, close, clock } = bench();
    await put(tier(25_600), waiting(0, 25_600), waiting(1, 25_600));
    await close();
    expect(calls(backend.log, "release")).toEqual(["release 0", "release 1"]);
    const { length } = backend.log;
    await clock.advance(100_000);
    expect(backend.log).toHaveLength(length);
  });

  it("is forgotten when its lease is lost, and a hundred of them stop nothing", async () => {
    const { backend, put, waiting, sent, clock, close } = bench();
    const renews = backend.onRenew;
    backend.onRenew = (receipts) => receipts.map(() => "lost");
    await put(tier(25_600), ...Array.from({ length: 100 }, (_, index) => waiting(index, 25_600)));
    await clock.advance(LEASE_MS);
    backend.onRenew = renews;
    await clock.advance(60_000);
    expect(sent()).toEqual([]);
    await put(tier(25_600), waiting(100, 0));
    expect(sent()).toEqual(["default/work/normal 100#0.0~1 after 0"]);
    await close();
  });
});

describe("a frame that cannot be sent on", () => {
  const refuses = (backend: ReturnType<typeof bench>["backend"]) => {
    const sends = backend.onSend;
    backend.onSend = (queue, frames, signal) =>
      queue.of === "bad" && queue.role === "work"
        ? frames.map(() => ({ failed: new BrokerError("TOO_LARGE") }))
        : sends(queue, frames, signal);
  };

  it("goes to the dead letters of its queue, tells who waits for it, and only then is acked; those behind it go on", async () => {
    const { backend, put, waiting, sent, clock, close } = bench();
    refuses(backend);
    const due = [waiting(0, 0, { of: "bad" }), waiting(1, 0)];
    await put(tier(100), ...due);
    await clock.settle();
    expect(sent().toSorted()).toEqual([
      "bad/dead/dead 0#0.0~0 after 0",
      "bad/reply/c1 0#0.0~0 after 0",
      "default/work/normal 1#0.0~1 after 0",
    ]);
    const letter = backend.sent.find(({ queue }) => queue.role === "dead")?.frame as OutFrame;
    expect(decoded(letter.bytes).death).toMatchObject({ reason: "TOO_LARGE", attempts: 0, lost: 0 });
    const reply = backend.sent.find(({ queue }) => queue.role === "reply")?.frame as OutFrame;
    expect(bodyOf(reply)).toMatchObject({ results: [{ index: 0, outcome: "dead", error: { code: "TOO_LARGE" } }] });
    expect(backend.log.indexOf("ack 0")).toBeGreaterThan(backend.log.indexOf("send reply/c1"));
    expect(backend.log.indexOf("send reply/c1")).toBeGreaterThan(backend.log.indexOf("send dead/dead"));
    await close();
  });

  it("as a pack of the most tasks is one dead letter, and a result for each, in frames that the broker takes", async () => {
    const { backend, put, clock, close } = bench(TIERS, 100, 60_000);
    refuses(backend);
    const usual = backend.onSend;
    backend.onSend = (queue, frames, signal) => {
      if (queue.role === "reply") for (const { bytes } of frames) expect(bytes.length).toBeLessThanOrEqual(60_000);
      return usual(queue, frames, signal);
    };
    const waiting = { dueAt: clock.wall(), leaveAt: clock.wall(), queue: "bad", lane: "normal" };
    const tasks = Array.from({ length: 1_000 }, (_, index) => packTask(2 * index, 0, { task: "default" }, undefined));
    const common = { run: RUN, coordinator: "c1", priority: 5, delayMs: 0, waiting, key: undefined, sentAt: 1 };
    await put(tier(100), packFrame(common, tasks, codecOf({ compress: "off" })) as OutFrame);
    await clock.settle();
    const letters = backend.sent.filter(({ queue }) => queue.role === "dead");
    expect(letters.map(({ frame }) => decoded(frame.bytes).count)).toEqual([1_000]);
    const replies = backend.sent.filter(({ queue }) => queue.role === "reply");
    const ended = replies.flatMap(({ frame }) => (bodyOf(frame) as { results: { index: number }[] }).results);
    expect(ended.map(({ index }) => index)).toEqual(tasks.map(({ index }) => index));
    expect(calls(backend.log, "ack")).toEqual(["ack 0"]);
    await close();
  });

  it("tells nobody where nobody waits", async () => {
    const { backend, put, waiting, clock, close } = bench();
    refuses(backend);
    await put(tier(100), waiting(0, 0, { of: "bad", coordinator: undefined }));
    await clock.settle();
    expect(calls(backend.log, "send")).toEqual(["send work/normal", "send dead/dead"]);
    expect(calls(backend.log, "ack")).toEqual(["ack 0"]);
    await close();
  });

  it("now goes on later: its lease is let go, so that it comes again", async () => {
    const { backend, put, waiting, clock, close } = bench();
    backend.onSend = (_, frames) => frames.map(() => ({ failed: new BrokerError("UNAVAILABLE") }));
    await put(tier(100), waiting(0, 0));
    await clock.advance(LEASE_MS * 2);
    const { length } = calls(backend.log, "renew 0");
    await clock.advance(LEASE_MS * 10);
    expect(calls(backend.log, "renew 0")).toHaveLength(length);
    await close();
  });

  it("nor be buried is let go, too", async () => {
    const { backend, put, waiting, clock, close } = bench();
    backend.onSend = (_, frames) => frames.map(() => ({ failed: new BrokerError("DENIED") }));
    await put(tier(100), waiting(0, 0));
    await clock.advance(LEASE_MS * 2);
    const { length } = calls(backend.log, "renew 0");
    await clock.advance(LEASE_MS * 10);
    expect(calls(backend.log, "renew 0")).toHaveLength(length);
    expect(calls(backend.log, "ack 0")).toEqual([]);
    await close();
  });
});

describe("a frame in the later queue", () => {
  it("goes to its work queue with what is left as its native delay", async () => {
    const { put, waiting, sent, close } = bench({ sendDelayMs: 900_000 });
    await put(later, waiting(0, 600_000), waiting(1, 0), waiting(2, 900_000));
    expect(sent().toSorted()).toEqual([
      "default/work/normal 0#0.0~1 after 600000",
      "default/work/normal 1#0.0~1 after 0",
      "default/work/normal 2#0.0~1 after 900000",
    ]);
    await close();
  });

  it("goes through it once more with the next native delay where nothing can be released for a time", async () => {
    const { put, waiting, sent, close, backend } = bench({ sendDelayMs: 900_000, releaseDelayMs: 0 });
    await put(later, waiting(0, 2_000_000));
    expect(sent()).toEqual(["default/later/later 0#0.0~1 after 900000"]);
    expect(calls(backend.log, "move")).toEqual(["move 0"]);
    await close();
  });
});
