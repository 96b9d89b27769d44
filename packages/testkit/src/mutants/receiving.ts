import type { Clock, Delivery } from "@org/dispatch-core/contract";
import { wrap } from "../decorators/wrap.ts";
import type { Mutant } from "./mutant.ts";

/** Wrong in whom `receive` gives what, and when. */
export const receivingMutants: readonly Mutant[] = [
  {
    id: "acks-on-receive",
    fault: "acknowledges a frame as soon as it is handed out",
    caughtBy: "seam.lease.expiry.redelivers",
    wrap: (inner) =>
      wrap(inner, {
        async receive(queue, want, signal) {
          const got = await inner.receive(queue, want, signal);
          await inner.settle(
            got.map(({ receipt }) => ({ kind: "ack", receipt })),
            signal,
          );
          return got;
        },
      }),
  },
  {
    id: "hands-a-frame-to-two",
    fault: "hands the frames of one receive to the next receiver, too",
    caughtBy: "seam.receive.twenty-receivers.no-double-grant",
    wrap(inner) {
      let last: readonly Delivery[] = [];
      return wrap(inner, {
        async receive(queue, want, signal) {
          const again = last.slice(0, 1);
          last = [];
          if (again.length > 0 && want.max > 0) return again;
          const got = await inner.receive(queue, want, signal);
          last = got;
          return got;
        },
      });
    },
  },
  {
    id: "returns-more-than-asked",
    fault: "brings one frame more than max",
    caughtBy: "seam.receive.max-never-exceeded",
    wrap: (inner) =>
      wrap(inner, { receive: (queue, want, signal) => inner.receive(queue, { ...want, max: want.max + 1 }, signal) }),
  },
  {
    id: "keeps-prefetched-frames",
    fault: "takes frames in advance, and does not give them back when max is 0",
    caughtBy: "seam.receive.max-zero-takes-credit-back",
    wrap(inner) {
      let kept: Delivery[] = [];
      return wrap(inner, {
        async receive(queue, want, signal) {
          // Nobody gets them from now on, until their leases are over.
          if (want.max === 0) kept = [];
          if (want.max === 0 || kept.length > 0) return kept.splice(0, want.max);
          const got = [...(await inner.receive(queue, { ...want, max: 5 }, signal))];
          const answer = got.splice(0, want.max);
          kept = got;
          return answer;
        },
      });
    },
  },
  {
    id: "answers-empty-at-once",
    fault: "does not wait for a first frame",
    caughtBy: "seam.receive.empty.answers-within-wait",
    wrap: (inner) =>
      wrap(inner, { receive: (queue, want, signal) => inner.receive(queue, { ...want, waitMs: 0 }, signal) }),
  },
  {
    id: "sleeps-through-a-send",
    fault: "looks for frames at the end of its wait only",
    caughtBy: "seam.receive.wakes-on-send",
    wrap(inner) {
      let clock: Clock | undefined;
      return wrap(inner, {
        open(options, signal) {
          clock = options.clock;
          return inner.open(options, signal);
        },
        async receive(queue, want, signal) {
          const now = await inner.receive(queue, { ...want, waitMs: 0 }, signal);
          if (now.length > 0 || want.waitMs === 0) return now;
          await new Promise<void>((resolve) => clock?.after(want.waitMs, resolve));
          return inner.receive(queue, { ...want, waitMs: 0 }, signal);
        },
      });
    },
  },
  {
    id: "strands-what-an-aborted-poll-brings",
    fault: "lets a poll go on after its abort, and drops what it brings",
    caughtBy: "seam.receive.abort-strands-nothing",
    wrap: (inner) =>
      wrap(inner, {
        receive(queue, want, signal) {
          if (signal.aborted) return Promise.resolve([]);
          const unheard = inner.receive(queue, want, new AbortController().signal);
          const aborted = new Promise<readonly Delivery[]>((resolve) =>
            signal.addEventListener("abort", () => resolve([]), { once: true }),
          );
          return Promise.race([unheard, aborted]);
        },
      }),
  },
  {
    id: "throws-on-abort",
    fault: "throws when its waiting is aborted",
    caughtBy: "seam.receive.abort-strands-nothing",
    wrap: (inner) =>
      wrap(inner, {
        async receive(queue, want, signal) {
          const got = await inner.receive(queue, want, signal);
          if (signal.aborted) throw signal.reason;
          return got;
        },
      }),
  },
];
