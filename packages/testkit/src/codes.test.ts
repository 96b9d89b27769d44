import { codes, Dead, Drop, invalidInput } from "@org/dispatch-core";
import type { Backend, Code } from "@org/dispatch-core/contract";
import { memory } from "@org/dispatch-core/memory";
import { describe, expect, it } from "vitest";
import { dropping } from "./decorators/dropping.ts";
import { withFacts } from "./decorators/facts.ts";
import { intercept } from "./decorators/intercept.ts";
import { FaultError } from "./decorators/wrap.ts";
import { aborting, ending, fail, failing, forging, type Raise, sending, sleepIn, thrown } from "./testing/raising.ts";
import { never } from "./world/bare.ts";
import { WORK, World } from "./world/world.ts";

/** Every code that can be raised without what later packages bring, and how: what a user sees, in each place where they see it. */

interface Row {
  readonly code: Code;
  readonly where: string;
  readonly backend?: (backend: Backend) => Backend;
  readonly raise: Raise;
}

const rows: readonly Row[] = [
  { code: "UNAVAILABLE", where: "send", backend: failing("UNAVAILABLE"), raise: sending },
  { code: "THROTTLED", where: "send", backend: failing("THROTTLED"), raise: sending },
  {
    code: "TIMED_OUT",
    where: "a call that is not answered",
    backend: (backend) =>
      intercept(backend, ({ verb, args, proceed }) => {
        if (verb !== "send") return proceed();
        const signal = args.at(-1) as AbortSignal;
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      }),
    raise: sending,
  },
  { code: "TIMED_OUT", where: "a task", raise: ending((_, { signal }, host) => sleepIn(host, signal)) },
  {
    code: "TIMED_OUT",
    where: "a run",
    async raise(world) {
      const { dispatcher } = await world.dispatcher();
      return thrown(world.results(dispatcher.run("default", [1], { globalTimeoutMs: 100 })));
    },
  },
  { code: "DENIED", where: "send", backend: failing("DENIED"), raise: sending },
  { code: "DENIED", where: "open", backend: failing("DENIED", "open"), raise: (world) => thrown(world.dispatcher()) },
  {
    code: "MISSING",
    where: "open",
    backend: failing("MISSING", "open"),
    raise: (world) => thrown(world.worker({ handler: fail })),
  },
  {
    code: "MISSING",
    where: "send to a queue that was removed",
    async raise(world) {
      const { dispatcher, process } = await world.dispatcher();
      await process.backend.remove?.(WORK, never);
      return thrown(world.time.wait(dispatcher.send("default", 1), "send answers"));
    },
  },
  {
    code: "MISMATCH",
    where: "open",
    backend: failing("MISMATCH", "open"),
    raise: (world) => thrown(world.dispatcher()),
  },
  {
    code: "TOO_LARGE",
    where: "send",
    backend: (backend) => withFacts(backend, { limits: { ...backend.profile.limits, frameBytes: 2_000 } }),
    async raise(world) {
      const { dispatcher } = await world.dispatcher();
      return thrown(world.time.wait(dispatcher.send("default", "x".repeat(2_000)), "send answers"));
    },
  },
  {
    code: "TOO_LARGE",
    where: "a result",
    backend: (backend) => withFacts(backend, { limits: { ...backend.profile.limits, frameBytes: 4_000 } }),
    raise: ending(() => "x".repeat(4_000)),
  },
  {
    code: "QUEUE_FULL",
    where: "send",
    async raise(world) {
      const { dispatcher } = await world.dispatcher();
      for (let index = 0; index < 3; index += 1)
        await world.time.wait(dispatcher.send("default", index), "send answers");
      return thrown(world.time.wait(dispatcher.send("default", 3), "send answers"));
    },
  },
  {
    code: "CLOSED",
    where: "a dispatcher",
    async raise(world) {
      const { dispatcher } = await world.dispatcher();
      await world.time.wait(dispatcher.close(), "the dispatcher closes");
      return thrown(dispatcher.send("default", 1));
    },
  },
  {
    code: "CLOSED",
    where: "a backend",
    async raise(world) {
      const { dispatcher, process } = await world.dispatcher();
      await process.backend.close();
      return thrown(world.time.wait(dispatcher.send("default", 1), "send answers"));
    },
  },
  { code: "INPUT_INVALID", where: "a run", raise: ending(fail, [invalidInput("line 1 is no JSON")]) },
  { code: "INPUT_INVALID", where: "a payload without JSON", raise: ending(fail, [1n]) },
  {
    code: "FRAME_INVALID",
    where: "a damaged body",
    backend: forging((bytes) => bytes.fill(0x5b, bytes.length - 3)),
    raise: ending(fail),
  },
  {
    code: "CODEC_UNKNOWN",
    where: "a codec of the future",
    backend: forging((bytes) => bytes.writeUInt16BE(0xf000, 2)),
    raise: ending(fail),
  },
  { code: "ATTEMPTS_EXHAUSTED", where: "a task", raise: ending(fail, [1], { maxAttempts: 2 }) },
  {
    code: "REJECTED",
    where: "a task",
    raise: ending(() => {
      throw new Dead("never");
    }),
  },
  {
    code: "TASK_UNKNOWN",
    where: "a task",
    async raise(world) {
      const { dispatcher } = await world.dispatcher();
      await world.worker({ handler: fail });
      const [result] = await world.results(dispatcher.run("unheard-of", [1]));
      return result?.error?.code;
    },
  },
  {
    code: "LOST",
    where: "a task",
    async raise(world) {
      const { dispatcher } = await world.dispatcher();
      await world.supervise({ handler: (_, __, host) => host.crash() }, { maxLost: 1 });
      const [result] = await world.results(dispatcher.run("default", [1]));
      return result?.error?.code;
    },
  },
  {
    code: "VANISHED",
    where: "a task",
    async raise(world) {
      const { dispatcher } = await world.dispatcher({ maxResends: 0 }, (process) =>
        process.decorate((backend) => dropping(backend, (_, { name }) => name.includes("/0#"))),
      );
      await world.worker({ handler: (n: number) => n });
      const results = await world.results(dispatcher.run("default", [0, 1]));
      return results.find(({ index }) => index === 0)?.error?.code;
    },
  },
  {
    code: "EXPIRED",
    where: "a task",
    async raise(world) {
      const { dispatcher } = await world.dispatcher();
      const run = dispatcher.run("default", [1], { deadlineMs: 10 });
      await world.time.pass(11);
      await world.worker({ handler: fail });
      return (await world.results(run))[0]?.error?.code;
    },
  },
  {
    code: "CANCELLED",
    where: "a run",
    async raise(world) {
      const { dispatcher } = await world.dispatcher();
      const run = dispatcher.run("default", [1]);
      await world.time.until(() => run.progress.sent === 1, "it is sent");
      run.cancel();
      return (await world.results(run))[0]?.error?.code;
    },
  },
  {
    code: "CANCELLED",
    where: "a task that was dropped",
    raise: ending(() => {
      throw new Drop("not needed");
    }),
  },
  {
    code: "LEASE_LOST",
    where: "a signal, after an outage",
    raise: aborting(
      (_, { process }) => void process.intercept("renew", () => Promise.reject(new FaultError("UNAVAILABLE", "away"))),
    ),
  },
  {
    code: "LEASE_LOST",
    where: "a signal, after a freeze",
    raise: aborting(async (world, { process }) => {
      process.freeze();
      await world.time.pass(world.leaseMs * 2);
      process.thaw();
    }),
  },
  { code: "SHUTTING_DOWN", where: "a signal", raise: aborting((_, host) => void host.stop()) },
  {
    code: "CONFIG_INVALID",
    where: "an option out of range",
    raise: (world) => thrown(world.worker({ handler: fail }, { concurrency: 0 })),
  },
  {
    code: "CONFIG_INVALID",
    where: "an unknown option",
    raise: (world) => thrown(world.dispatcher({ ...({ heartbeatTimeout: 5 } as object) })),
  },
  {
    code: "UNSUPPORTED",
    where: "a run longer than results are kept",
    backend: (backend) => withFacts(backend, { replyRetentionMs: 1_000 }),
    async raise(world) {
      const { dispatcher } = await world.dispatcher();
      return thrown((async () => dispatcher.run("default", [1], { globalTimeoutMs: 2_000 }))());
    },
  },
];

/** Raised when encryption and the claim check are there. */
const later: readonly Code[] = ["DECRYPT_FAILED", "BLOB_MISSING"];

describe("every code", () => {
  it.each(rows.map((row) => [row.code, row.where, row] as const))(
    "%s: %s",
    async (code, _, { backend = (one) => one, raise }) => {
      const world = new World({
        backend: (namespace) => backend(memory({ namespace, maxTasks: 3 })),
        namespace: "codes",
      });
      expect(await raise(world)).toBe(code);
      await world.end();
    },
  );

  it("is in this table, or waits for what raises it", () => {
    const raised = new Set<string>([...rows.map(({ code }) => code), ...later]);
    expect([...raised].sort()).toEqual(Object.keys(codes).sort());
  });
});
