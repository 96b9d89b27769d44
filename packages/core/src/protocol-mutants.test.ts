import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Backend, Frame, Move } from "./contract/index.ts";
import type { MemoryWorld } from "./testing/memory-world.ts";

// Each test loads all of core anew, with one piece exchanged: the first one has nothing to load it from.
vi.setConfig({ testTimeout: 30_000 });

/**
 * Core with one piece of its protocol changed: each has to break what the same scenario keeps with the piece as it is. What the lease alone decides is in
 * lease/walk, which looks at every order of events.
 */

type Module = Readonly<Record<string, unknown>>;
type Change = (actual: Module) => Module;

interface Mutant {
  readonly name: string;
  readonly breaks: string;
  readonly path: string;
  readonly change: Change;
  /** Answers what is to be compared with what should have come. */
  scenario(world: MemoryWorld): Promise<unknown>;
  readonly right: unknown;
  /** What comes instead. */
  readonly wrong: unknown;
}

/** The world's backend with other verbs; one that is `undefined` is not there. */
function change(world: MemoryWorld, verbs: Partial<Record<keyof Backend, unknown>>): void {
  const { backend } = world;
  const bound = Object.fromEntries(
    (["open", "send", "receive", "renew", "settle", "classify", "close", "move", "depth", "browse"] as const).map(
      (verb) => [verb, (backend[verb] as (...args: unknown[]) => unknown).bind(backend)],
    ),
  );
  const { contract, name, profile } = backend;
  Object.assign(world, { backend: { contract, name, profile, ...bound, ...verbs } });
}

function fail(): never {
  throw new Error("no luck");
}

const mutants: readonly Mutant[] = [
  {
    name: "a retry's copy with an id of its own",
    breaks: "I12",
    path: "./codec/hop.ts",
    change: (actual) => ({
      ...actual,
      hopFrame: (...args: readonly unknown[]) => {
        const frame = (actual.hopFrame as (...given: readonly unknown[]) => object)(...args);
        return Object.defineProperty(frame, "id", { value: `id:${Math.random()}` });
      },
    }),
    async scenario(world) {
      const dispatcher = await world.dispatcher();
      await world.worker(fail, { backoff: { baseMs: 10_000, maxMs: 10_000 } });
      await world.until(dispatcher.send("default", 1, { id: "order-7" }));
      await world.clock.advance(100);
      expect(world.of("queue_requeued")).toHaveLength(1);
      const again = await world.until(dispatcher.send("default", 1, { id: "order-7" }));
      return again.duplicate;
    },
    right: true,
    wrong: false,
  },
  {
    name: "copies that are known without their round",
    breaks: "I1",
    path: "./settle/recent-frames.ts",
    change: (actual) => {
      const Actual = actual.RecentFrames as new () => { has(frame: Frame): boolean; add(frame: Frame): void };
      const bare = ({ run, first, count, attempt, copy }: Frame) =>
        ({ run, first, count, round: 0, attempt, copy }) as Frame;
      return {
        RecentFrames: class extends Actual {
          override has = (frame: Frame) => super.has(bare(frame));
          override add = (frame: Frame) => super.add(bare(frame));
        },
      };
    },
    async scenario(world) {
      // Where a copy is sent first and acked second, a worker remembers what it has sent on.
      const verbs = world.backend.profile.verbs.filter((verb) => verb !== "move");
      change(world, { profile: { ...world.backend.profile, verbs }, move: undefined });
      const { QueueAdmin } = await import("./queue-admin.ts");
      const dispatcher = await world.dispatcher();
      let runs = 0;
      await world.worker(
        () => {
          runs += 1;
          return fail();
        },
        { maxAttempts: 2, backoff: { baseMs: 10, maxMs: 10 } },
      );
      await world.until(dispatcher.send("default", 1));
      await world.clock.advance(5_000);
      const admin = await world.until(QueueAdmin.open(world.backend, { clock: world.clock }));
      await world.until(admin.dead.redrive({ all: true }));
      await world.clock.advance(5_000);
      return runs;
    },
    right: 4,
    wrong: 2,
  },
  {
    name: "a last chance that is not taken alone",
    breaks: "I10",
    path: "./work/admission.ts",
    change: (actual) => ({
      ...actual,
      admit: (frame: unknown, now: object) =>
        (actual.admit as (...given: readonly unknown[]) => unknown)(frame, { ...now, others: false }),
    }),
    async scenario(world) {
      const { WORK } = await import("./testing/memory-world.ts");
      const dispatcher = await world.dispatcher();
      await world.open(WORK);
      const all = [1, 2, 3].map((n) => dispatcher.send("default", n));
      await world.until(Promise.all(all));
      // Somebody holds all three, and dies.
      expect(await world.take(WORK, 3)).toHaveLength(3);
      await world.clock.advance(1_001);
      // It is taken first, and runs when the last chances come.
      await world.until(dispatcher.send("default", 4, { priority: 10 }));
      let [at, most, done] = [0, 0, 0];
      await world.worker(
        async () => {
          at += 1;
          most = Math.max(most, at);
          await new Promise<void>((resolve) => void world.clock.after(100, resolve));
          at -= 1;
          done += 1;
        },
        { maxLost: 1, concurrency: 10, backoff: { baseMs: 100, maxMs: 100 } },
      );
      await world.clock.advance(60_000);
      return [done, most];
    },
    right: [4, 1],
    wrong: [4, 2],
  },
  {
    name: "completeness by a count instead of a set",
    breaks: "I3",
    path: "./result/window.ts",
    change: (actual) => {
      const Actual = actual.Window as new (
        ...args: readonly unknown[]
      ) => {
        delete(index: number): unknown;
        entries(): readonly (readonly [number, unknown])[];
      };
      return {
        ...actual,
        Window: class extends Actual {
          override delete(index: number): unknown {
            return super.delete(index) ?? super.delete(this.entries()[0]?.[0] ?? index);
          }
        },
      };
    },
    async scenario(world) {
      const { move } = world.backend;
      const twice = ({ sends, ...rest }: Move): Move => ({
        ...rest,
        sends: sends.flatMap((one) => (one.queue.role === "reply" ? [one, one] : [one])),
      });
      const real = move.bind(world.backend);
      change(world, { move: (moves: readonly Move[], signal: AbortSignal) => real(moves.map(twice), signal) });
      const dispatcher = await world.dispatcher();
      await world.worker(
        async (n: number) => {
          await new Promise<void>((resolve) => void world.clock.after(n * 100, resolve));
          return n;
        },
        { concurrency: 10 },
      );
      return world.outcomes(dispatcher.run("default", [1, 2, 3, 4]));
    },
    right: ["completed 1", "completed 2", "completed 3", "completed 4"],
    wrong: ["completed 1", "completed 1", "completed 2", "completed 2"],
  },
  {
    name: "a pack that is never split",
    breaks: "I10",
    path: "./packs.ts",
    change: (actual) => {
      const Actual = actual.Packs as new (port: object) => object;
      return {
        ...actual,
        Packs: class extends Actual {
          constructor(port: object) {
            // No count of losses is as high as this.
            super({ ...port, maxLost: Number.NaN });
          }
        },
      };
    },
    async scenario(world) {
      const { memory } = await import("./memory/index.ts");
      // A broker of which each process has a connection of its own, to die with it.
      const broker = memory({ character: "redis" });
      Object.assign(world, { backend: broker.session() });
      const dispatcher = await world.dispatcher({ packs: true, initialBatchSize: 3, maxBatchSize: 3 });
      let workers = 0;
      const start = async () => {
        workers += 1;
        const session = broker.session();
        Object.assign(world, { backend: session });
        const handler = async (payload: string) => {
          if (payload !== "poison") return payload;
          // Its process is gone, whatever else it holds, and another one takes its place.
          session.kill();
          world.clock.after(10, () => void start());
          return new Promise(() => {});
        };
        await world.worker(handler, { id: `w${workers}`, concurrency: 1 });
      };
      await start();
      const run = dispatcher.run("default", ["poison", "beside it", "elsewhere"]);
      return [
        ...(await world.outcomes(run)),
        world.of("queue_requeued").filter(({ reason }) => reason === "split").length,
      ];
    },
    // The first two travel together.
    right: ["dead LOST", 'completed "beside it"', 'completed "elsewhere"', 2],
    wrong: ["dead LOST", 'completed "beside it"', 'completed "elsewhere"', 0],
  },
];

describe.each(mutants)("$name ($breaks)", ({ path, change: mutate, scenario, right, wrong }) => {
  const look = async () => {
    const { MemoryWorld } = await import("./testing/memory-world.ts");
    return scenario(new MemoryWorld());
  };
  beforeEach(() => vi.resetModules());
  afterEach(() => vi.doUnmock(path));

  it("is not what core does", async () => {
    expect(await look()).toEqual(right);
  });

  it("is noticed", async () => {
    vi.doMock(path, async (importOriginal) => mutate((await importOriginal()) as Module));
    expect(await look()).toEqual(wrong);
  });
});
