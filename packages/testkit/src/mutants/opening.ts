import type { Queue } from "@org/dispatch-core/contract";
import { FaultError, wrap } from "../decorators/wrap.ts";
import type { Mutant } from "./mutant.ts";

const refuse = (): never => {
  throw new FaultError("MISSING", "some queues are missing");
};

/** Wrong in what `open` does where queues may not be made. */
export const openingMutants: readonly Mutant[] = [
  {
    id: "drops-what-no-queue-takes",
    fault: "opens queues that are not there without a word, and answers ok to frames for them",
    caughtBy: "seam.open.without-create-works-or-is-refused",
    wrap(inner) {
      let isThere = false;
      return wrap(inner, {
        async open(options, signal) {
          if (!options.create) return;
          isThere = true;
          return inner.open(options, signal);
        },
        send: async (queue, frames, signal) => (isThere ? inner.send(queue, frames, signal) : frames.map(() => "ok")),
        receive: async (queue, want, signal) => (isThere ? inner.receive(queue, want, signal) : []),
      });
    },
  },
  {
    id: "makes-what-it-refuses",
    fault: "makes the queues of which it says that they are missing",
    caughtBy: "seam.open.without-create-works-or-is-refused",
    wrap: (inner) =>
      wrap(inner, {
        async open(options, signal) {
          const [first] = options.receive as readonly [Queue];
          const isThere = await inner.depth?.(first, signal).then(
            () => true,
            () => false,
          );
          const doubts = await inner.open({ ...options, create: true }, signal);
          return options.create || isThere ? doubts : refuse();
        },
      }),
  },
  {
    id: "takes-a-refused-queue-for-open",
    fault: "remembers the queues that it has refused as open, and does not make them when it may",
    caughtBy: "seam.open.without-create-works-or-is-refused",
    wrap(inner) {
      let isKnown = false;
      return wrap(inner, {
        async open(options, signal) {
          if (isKnown && options.create) return;
          isKnown = true;
          return options.create ? inner.open(options, signal) : refuse();
        },
      });
    },
  },
  {
    id: "misses-only-the-first",
    fault: "names only the first of the queues that are missing",
    caughtBy: "seam.open.without-create-works-or-is-refused",
    wrap: (inner) =>
      wrap(inner, {
        async open(options, signal) {
          if (options.create) return inner.open(options, signal);
          throw new MissingError(options.receive);
        },
        classify: (error) =>
          error instanceof MissingError ? { code: "MISSING", missing: error.queues } : inner.classify(error),
      }),
  },
];

class MissingError extends Error {
  readonly queues: readonly Queue[];

  constructor(queues: readonly Queue[]) {
    super("a queue is missing");
    this.queues = queues;
  }
}
