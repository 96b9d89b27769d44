import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../clock.ts";
import type { AbortCode } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { type FrameOptions, frameOf, RUN } from "../testing/frames.ts";
import { type HandlerEnd, type Runnable, Running } from "./running.ts";
import { type Context, defineTask, type Handler } from "./task.ts";
import { Turns } from "./turns.ts";

const TIMEOUT_MS = 1_000;
const ABANDON_MS = 300;

interface Seen {
  readonly clock: VirtualClock;
  readonly running: Running<Runnable>;
  readonly done: Promise<void>;
  readonly log: unknown[];
  context: Context | undefined;
}

/** Starts a handler; `log` gets what its worker is told, with the time. */
function start(handler: Handler<unknown, unknown>, options: FrameOptions = {}, lost = 0, logger?: Logger): Seen {
  const clock = new VirtualClock({ wallMs: 0 });
  const log: unknown[] = [];
  const task = defineTask<unknown, unknown>({
    name: "mail",
    async handler(payload, context) {
      seen.context = context;
      try {
        return await handler(payload, context);
      } finally {
        setImmediate(() => ended.resolve());
      }
    },
  });
  const ended = open<void>();
  const running = new Running(
    {
      clock,
      turns: new Turns(clock),
      abandonMs: ABANDON_MS,
      logger: logger ?? { debug() {}, info() {}, warn() {}, error() {} },
      progress: (frame, value) => log.push(["progress", frame.name, value]),
      ended: (_, end, durationMs) => log.push(["ended", brief(end), durationMs]),
      freed: (_, abandoned) => log.push(["freed", abandoned, clock.now()]),
    },
    { frame: frameOf({ task: "mail", ...options }), lost },
    task as never,
    TIMEOUT_MS,
    clock.now(),
  );
  const seen: Seen = { clock, running, log, context: undefined, done: ended.promise };
  // As the slots do it.
  clock.after(Math.max(0, running.endsAt - clock.now()), () => running.timeOut());
  running.start("payload");
  return seen;
}

function brief(end: HandlerEnd): unknown {
  return end.kind === "returned" ? end.value : end.kind === "threw" ? end : `stopped ${end.code}`;
}

/** A promise and what settles it. */
function open<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const never = () => new Promise<never>(() => {});

describe("Running", () => {
  it.each<[string, Handler<unknown, unknown>]>([
    ["a value", (payload) => [payload]],
    ["a promise", async (payload) => [payload]],
  ])("ends with what the handler returns: %s", async (_, handler) => {
    const { done, log, clock } = start(handler);
    await done;
    await clock.advance(10 * TIMEOUT_MS);
    expect(log).toEqual([
      ["ended", ["payload"], 0],
      ["freed", undefined, 0],
    ]);
  });

  it.each<[string, (error: Error) => Handler<unknown, unknown>]>([
    ["at once", (error) => () => { throw error; }], // biome-ignore format: one line each
    ["later", (error) => () => Promise.reject(error)],
  ])("ends with what the handler throws: %s", async (_, handler) => {
    const error = new Error("boom");
    const { done, log } = start(handler(error));
    await done;
    expect(log).toEqual([
      ["ended", { kind: "threw", error }, 0],
      ["freed", undefined, 0],
    ]);
  });

  it("measures how long the handler ran", async () => {
    const work = open<string>();
    const { clock, done, log } = start(() => work.promise);
    await clock.advance(TIMEOUT_MS - 1);
    work.resolve("late, but in time");
    await done;
    expect(log[0]).toEqual(["ended", "late, but in time", TIMEOUT_MS - 1]);
  });

  it.each<[string, number | undefined, number, AbortCode]>([
    ["no deadline", undefined, TIMEOUT_MS, "TIMED_OUT"],
    ["a later deadline", TIMEOUT_MS + 1, TIMEOUT_MS, "TIMED_OUT"],
    ["a deadline at the same moment", TIMEOUT_MS, TIMEOUT_MS, "TIMED_OUT"],
    ["an earlier deadline", TIMEOUT_MS - 1, TIMEOUT_MS - 1, "EXPIRED"],
    ["a deadline that has passed", 0, 0, "EXPIRED"],
  ])("ends at its timeout or its deadline, whichever comes first: %s", async (_, deadlineAt, afterMs, code) => {
    const seen = start(never, { deadlineAt });
    if (afterMs > 0) await seen.clock.advance(afterMs - 1);
    expect(seen.log).toEqual([]);
    await seen.clock.advance(1);
    expect(seen.log).toEqual([["ended", `stopped ${code}`, afterMs]]);
    expect(seen.context?.signal.reason).toMatchObject({ name: "DispatchError", code });
    await seen.clock.advance(ABANDON_MS);
    expect(seen.log.slice(1)).toEqual([["freed", code, afterMs + ABANDON_MS]]);
  });

  it.each<[string, (work: ReturnType<typeof open<string>>) => void]>([
    ["returns", (work) => work.resolve("too late")],
    ["throws", (work) => work.reject(new Error("too late"))],
  ])("a handler that %s after its timeout frees its slot, and changes nothing", async (_, finish) => {
    const work = open<string>();
    const { clock, log, done } = start(() => work.promise);
    await clock.advance(TIMEOUT_MS + 1);
    finish(work);
    await done;
    await clock.advance(10 * ABANDON_MS);
    expect(log).toEqual([
      ["ended", "stopped TIMED_OUT", TIMEOUT_MS],
      ["freed", undefined, TIMEOUT_MS + 1],
    ]);
  });

  it.each<AbortCode>(["TIMED_OUT", "EXPIRED", "CANCELLED", "SHUTTING_DOWN"])(
    "stop(%s) ends it, and tells the handler why",
    async (code) => {
      const { clock, running, log, context } = start(never);
      running.stop(code);
      expect(log).toEqual([["ended", `stopped ${code}`, 0]]);
      const reason: unknown = context?.signal.reason;
      expect(reason).toBeInstanceOf(DispatchError);
      expect(reason).toMatchObject({ code, message: expect.stringMatching(/^[a-z ].+/) });
      running.stop("CANCELLED");
      await clock.advance(ABANDON_MS);
      running.stop("CANCELLED");
      expect(log.slice(1)).toEqual([["freed", code, ABANDON_MS]]);
    },
  );

  it("says nothing of the end when the lease is lost, and nothing of what comes after", async () => {
    const work = open<string>();
    const { clock, running, log, done, context } = start(() => work.promise);
    running.stop("LEASE_LOST");
    expect(context?.signal.reason).toMatchObject({ code: "LEASE_LOST" });
    work.resolve("nobody wants it");
    await done;
    await clock.advance(10 * TIMEOUT_MS);
    expect(log).toEqual([["freed", undefined, 0]]);
  });

  it("gives the slot on after abandonMs though the handler never returns, and once only", async () => {
    const work = open<string>();
    const { clock, running, log, done } = start(() => work.promise);
    running.stop("LEASE_LOST");
    await clock.advance(ABANDON_MS - 1);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(log).toEqual([["freed", "LEASE_LOST", ABANDON_MS]]);
    work.resolve("at last");
    await done;
    expect(log).toHaveLength(1);
  });

  it("stop after the handler has returned does nothing", async () => {
    const { running, log, done, context } = start(() => 1);
    await done;
    running.stop("SHUTTING_DOWN");
    expect(context?.signal.aborted).toBe(false);
    expect(log).toHaveLength(2);
  });

  it("a handler that hears the signal ends in time", async () => {
    const { clock, log, done } = start(
      (_, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    await clock.advance(TIMEOUT_MS);
    await done;
    expect(log).toEqual([
      ["ended", "stopped TIMED_OUT", TIMEOUT_MS],
      ["freed", undefined, TIMEOUT_MS],
    ]);
  });

  it("leaves no listener on the signal", async () => {
    const { done, context } = start(() => 1);
    await done;
    expect(getEventListeners(context?.signal as AbortSignal, "abort")).toEqual([]);
  });
});

describe("the context", () => {
  it("says what a handler may know", async () => {
    const headers = { tenant: "a" };
    const options = { index: 7, round: 1, attempt: 2, copy: 3, lost: 1, deadlineAt: 900, headers };
    const { context } = start(never, options, 4);
    expect(context).toMatchObject({ id: `${RUN}/7`, attempt: 3, lost: 4, deadline: 900 });
    expect({ ...context?.headers }).toEqual(headers);
    expect(context?.fence).toBe(2 ** 32 + 2 * 2 ** 16 + 7);
  });

  it("has no headers and no deadline where none were sent", () => {
    const { context } = start(never);
    expect(context?.headers).toEqual({});
    expect(context?.deadline).toBeUndefined();
    expect(Object.isFrozen(context?.headers)).toBe(true);
  });

  it("hands progress on, with its frame", () => {
    const { context, log } = start(never, { index: 2, attempt: 1 });
    context?.progress({ percent: 10 });
    expect(log).toEqual([["progress", `${RUN}/2#0.1~0`, { percent: 10 }]]);
  });

  it("has a log whose lines carry the task, its id and the attempt", () => {
    const lines: unknown[] = [];
    const unreadable = Proxy.revocable({}, {});
    unreadable.revoke();
    const at = (level: string) => (fields: object, message?: string) => lines.push([level, fields, message]);
    const logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
    const { context } = start(never, { index: 2, attempt: 1 }, 0, logger);
    context?.log.info({ page: 3 }, "read");
    context?.log.error({ attempt: 9 });
    context?.log.warn(unreadable.proxy, "odd");
    expect(lines).toEqual([
      ["info", { task: "mail", taskId: `${RUN}/2`, attempt: 2, page: 3 }, "read"],
      ["error", { task: "mail", taskId: `${RUN}/2`, attempt: 9 }, undefined],
      ["warn", { task: "mail", taskId: `${RUN}/2`, attempt: 2, unprintable: true }, "odd"],
    ]);
  });
});
