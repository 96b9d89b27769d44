import { VirtualClock } from "@org/dispatch-core";
import { type Delivery, type Queue, UNLIMITED } from "@org/dispatch-core/contract";
import { memory } from "@org/dispatch-core/memory";
import { describe, expect, it } from "vitest";
import { FaultError } from "../decorators/wrap.ts";
import { frameOf, never, textsOf } from "./bare.ts";
import { Process, type SentFrame } from "./process.ts";
import { isSessioned } from "./sessions.ts";

const WORK: Queue = { role: "work", name: "normal", of: "q" };
const want = { max: 10, waitMs: 0, leaseMs: 1_000 };

const start = async () => {
  const clock = new VirtualClock();
  const connection = memory();
  const sent: SentFrame[] = [];
  const process = (name: string) =>
    new Process({ name, connection, shared: true, clock, sent: (frame) => sent.push(frame) });
  const [one, two] = [process("one"), process("two")];
  await one.backend.open({ receive: [WORK], send: [], create: true, leaseMs: 1_000, clock: one.clock }, never);
  return { clock, one, two, sent };
};

describe("a process", () => {
  it("keeps the clock of the world for a backend that all share", async () => {
    const { clock, one, two } = await start();
    one.crash();
    await two.backend.send(WORK, [frameOf("a", { delayMs: 50 })], never);
    const waiting = two.backend.receive(WORK, { ...want, waitMs: 100 }, never);
    await clock.advance(60);
    expect(textsOf(await waiting)).toEqual(["a"]);
  });

  it("records what it sends", async () => {
    const { one, sent } = await start();
    await one.backend.send(WORK, [frameOf("a"), frameOf("b")], never);
    expect(sent.map(({ process, frame }) => [process, frame.name])).toEqual([
      ["one", "a#0.0~0"],
      ["one", "b#0.0~0"],
    ]);
  });

  it("that crashes is not answered, runs nothing, and takes nothing more from the broker", async () => {
    const { clock, one, two } = await start();
    const happened: string[] = [];
    void one.backend.receive(WORK, { ...want, waitMs: 5_000 }, never).then(() => happened.push("received"));
    one.clock.after(10, () => happened.push("timer"));
    one.clock.soon(() => happened.push("soon"));
    one.crash();
    void one.backend.send(WORK, [frameOf("a")], never).then(() => happened.push("sent"));
    await two.backend.send(WORK, [frameOf("b")], never);
    await clock.advance(10_000);
    expect(happened).toEqual([]);
    expect(textsOf(await two.backend.receive(WORK, want, never))).toEqual(["b"]);
  });

  it("that is frozen is granted what it has asked for, and goes on where it stood when it is thawed", async () => {
    const { clock, one, two } = await start();
    const happened: string[] = [];
    let got: readonly Delivery[] = [];
    void one.backend.receive(WORK, { ...want, waitMs: 5_000 }, never).then((deliveries) => {
      got = deliveries;
      happened.push("received");
    });
    one.clock.after(10, () => happened.push("timer"));
    one.clock.after(20, () => happened.push("cancelled")).cancel();
    await clock.settle();
    one.freeze();
    await two.backend.send(WORK, [frameOf("a")], never);
    await clock.advance(500);
    expect(happened).toEqual([]);
    expect(await two.backend.receive(WORK, want, never)).toEqual([]);
    one.thaw();
    await clock.settle();
    expect(happened.sort()).toEqual(["received", "timer"]);
    expect(textsOf(got)).toEqual(["a"]);
  });

  it("sees faults that are put between it and the broker, in their order, until they are taken away", async () => {
    const { one } = await start();
    const order: string[] = [];
    const first = one.intercept(["send", "receive"], ({ proceed }) => {
      order.push("first");
      return proceed();
    });
    const second = one.intercept("send", async () => {
      order.push("second");
      throw new FaultError("DENIED", "not you");
    });
    const error = await one.backend.send(WORK, [frameOf("a")], never).catch((thrown: unknown) => thrown);
    expect(one.backend.classify(error)).toEqual({ code: "DENIED", detail: "not you" });
    expect(order).toEqual(["first", "second"]);
    second();
    expect(await one.backend.send(WORK, [frameOf("a")], never)).toEqual(["ok"]);
    first();
    expect(textsOf(await one.backend.receive(WORK, want, never))).toEqual(["a"]);
    expect(order).toEqual(["first", "second", "first"]);
  });
});

describe.each(["timed", "session"] as const)("a process with a session of its own, where leases are %s", (kind) => {
  const session = { kind: "session", totalCapMs: UNLIMITED, detectionMs: 2_000 } as const;
  const profile = kind === "timed" ? {} : { lease: session };
  const two = async () => {
    const clock = new VirtualClock();
    const backend = memory({ profile });
    if (!isSessioned(backend)) throw new Error("it has no sessions");
    const processes = ["one", "two"].map((name) => {
      const session = backend.session();
      return new Process({ name, connection: session, session, shared: true, clock, sent: () => {} });
    }) as [Process, Process];
    for (const { backend, clock } of processes)
      await backend.open({ receive: [WORK], send: [], create: true, leaseMs: 1_000, clock }, never);
    await processes[0].backend.send(WORK, [frameOf("a")], never);
    expect(textsOf(await processes[0].backend.receive(WORK, want, never))).toEqual(["a"]);
    return { clock, one: processes[0], two: processes[1] };
  };

  it("that crashes loses what it held when the broker notices, and not before", async () => {
    const { clock, one, two: other } = await two();
    one.crash();
    await clock.advance(900);
    expect(await other.backend.receive(WORK, want, never)).toEqual([]);
    await clock.advance(1_200);
    expect(textsOf(await other.backend.receive(WORK, want, never))).toEqual(["a"]);
  });

  it("that was frozen for too long is refused when it is thawed", async () => {
    const { clock, one, two: other } = await two();
    await one.backend.send(WORK, [frameOf("b")], never);
    const [held] = await one.backend.receive(WORK, want, never);
    one.freeze();
    await clock.advance(2_100);
    expect(textsOf(await other.backend.receive(WORK, want, never)).sort()).toEqual(["a", "b"]);
    one.thaw();
    // Until it is connected again.
    await clock.advance(1_000);
    const settlement = { kind: "ack", receipt: (held as Delivery).receipt } as const;
    expect(await one.backend.settle([settlement], never)).toEqual(["lost"]);
  });

  it("fails what is under way when its connection is reset, and strands nothing that waited", async () => {
    const { clock, one, two } = await start();
    const waiting = one.backend.receive(WORK, { ...want, waitMs: 500 }, never);
    await clock.advance(10);
    one.reset();
    await expect(waiting).rejects.toThrow("reset");
    await two.backend.send(WORK, [frameOf("a")], never);
    expect(textsOf(await two.backend.receive(WORK, want, never))).toEqual(["a"]);
    expect(await one.backend.receive(WORK, want, never)).toEqual([]);
  });

  it("answers nothing while its connection is half open, until the caller's signal fires", async () => {
    const { one } = await start();
    one.blackHole(true);
    const deadline = new AbortController();
    const answer = one.backend.send(WORK, [frameOf("a")], deadline.signal);
    deadline.abort(new Error("the deadline"));
    await expect(answer).rejects.toThrow("the deadline");
    one.blackHole(false);
    expect(await one.backend.send(WORK, [frameOf("b")], never)).toEqual(["ok"]);
  });
});
