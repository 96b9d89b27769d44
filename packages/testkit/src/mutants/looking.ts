import type { Clock } from "@org/dispatch-core/contract";
import { wrap } from "../decorators/wrap.ts";
import type { Mutant } from "./mutant.ts";

/** Wrong in how it looks, in what it says of errors, and in how it ends. */
export const lookingMutants: readonly Mutant[] = [
  {
    id: "browse-takes",
    fault: "looks at frames by receiving and releasing them",
    caughtBy: "seam.browse.takes-nothing",
    wrap: (inner) =>
      wrap(inner, {
        async browse(queue, page, signal) {
          const got = await inner.receive(queue, { max: page.max, waitMs: 0, leaseMs: 60_000 }, signal);
          return {
            frames: got.map(({ bytes }) => ({ bytes, state: "ready" as const })),
            ...(got.length === page.max ? { cursor: "more" } : {}),
          };
        },
      }),
  },
  {
    id: "look-that-is-left-hides",
    fault: "gives back what a look has hidden only at its last page",
    caughtBy: "seam.browse.left-early",
    wrap: (inner) =>
      wrap(inner, {
        async browse(queue, page, signal) {
          if (page.max === 0) return { frames: [] };
          const found = await inner.browse?.(queue, page, signal);
          if (page.cursor === undefined)
            await inner.receive(queue, { max: page.max, waitMs: 0, leaseMs: 60_000 }, signal);
          return found ?? { frames: [] };
        },
      }),
  },
  {
    id: "purge-forgets-the-delayed",
    fault: "says that it has removed one frame less than it has",
    caughtBy: "seam.purge.ready-only",
    wrap: (inner) => wrap(inner, { purge: async (queue, signal) => ((await inner.purge?.(queue, signal)) ?? 0) - 1 }),
  },
  {
    id: "depth-counts-leased-as-ready",
    fault: "counts what is held among what is ready, and calls that exact",
    caughtBy: "seam.depth.after-quiet",
    wrap: (inner) =>
      wrap(inner, {
        async depth(queue, signal) {
          const found = await inner.depth?.(queue, signal);
          if (found === undefined) throw new Error("no depth");
          return { ...found, ready: found.ready + found.leased, leased: 0 };
        },
      }),
  },
  {
    id: "classify-throws",
    fault: "throws for an error that it has never seen",
    caughtBy: "seam.errors.every-code-classified",
    wrap: (inner) =>
      wrap(inner, {
        classify: (error) => {
          if ((error as Error).message.includes("closed")) return { code: "CLOSED" };
          return inner.classify(error);
        },
      }),
  },
  {
    id: "gives-up-on-a-broken-connection",
    fault: "calls a refused connection DENIED, which nobody tries again",
    caughtBy: "seam.errors.every-code-classified",
    wrap: (inner) =>
      wrap(inner, {
        classify: (error) =>
          error instanceof Error && "code" in error && error.code === "ECONNREFUSED"
            ? { code: "DENIED" }
            : inner.classify(error),
      }),
  },
  {
    id: "waits-for-ever",
    fault: "does not look at the signal of a receive",
    caughtBy: "seam.errors.black-hole.settles-by-deadline",
    wrap: (inner) =>
      wrap(inner, {
        receive: (queue, want) => inner.receive(queue, want, new AbortController().signal),
      }),
  },
  {
    id: "answers-after-close",
    fault: "goes on answering after it was closed",
    caughtBy: "seam.send.after-close.throws-closed",
    wrap(inner) {
      let isClosed = false;
      return wrap(inner, {
        send: (queue, frames, signal) =>
          isClosed ? Promise.resolve(frames.map(() => "ok" as const)) : inner.send(queue, frames, signal),
        close() {
          isClosed = true;
          return inner.close();
        },
      });
    },
  },
  {
    id: "blocks-after-close",
    fault: "never answers a call after it was closed",
    caughtBy: "seam.send.after-close.throws-closed",
    wrap(inner) {
      let isClosed = false;
      return wrap(inner, {
        settle: (settlements, signal) => (isClosed ? new Promise(() => {}) : inner.settle(settlements, signal)),
        close() {
          isClosed = true;
          return inner.close();
        },
      });
    },
  },
  {
    id: "closes-once",
    fault: "throws when it is closed again",
    caughtBy: "seam.close.idempotent-and-concurrent",
    wrap(inner) {
      let isClosed = false;
      return wrap(inner, {
        async close() {
          if (isClosed) throw new Error("already closed");
          isClosed = true;
          await inner.close();
        },
      });
    },
  },
  {
    id: "leaves-a-timer",
    fault: "has a heartbeat that goes on after close",
    caughtBy: "seam.close.leaks-no-handle",
    wrap(inner) {
      const beat = (clock: Clock): void => void clock.after(1_000, () => beat(clock), true);
      return wrap(inner, {
        async open(options, signal) {
          await inner.open(options, signal);
          beat(options.clock);
        },
      });
    },
  },
  {
    id: "opens-once",
    fault: "forgets the queues of a second open",
    caughtBy: "seam.open.called-again-adds",
    wrap(inner) {
      let isOpen = false;
      return wrap(inner, {
        async open(options, signal) {
          if (isOpen) return;
          isOpen = true;
          await inner.open({ ...options, create: false }, signal);
        },
      });
    },
  },
];
