import { withFacts } from "../decorators/facts.ts";
import { FaultError, wrap } from "../decorators/wrap.ts";
import { changedFrame } from "./changed-frame.ts";
import type { Mutant } from "./mutant.ts";

/** Wrong in what `send` does, or answers. */
export const sendingMutants: readonly Mutant[] = [
  {
    id: "loses-one-of-a-batch",
    fault: "says ok to a batch and loses its third frame",
    caughtBy: "seam.send.batch-1000.outcomes-in-order",
    wrap: (inner) =>
      wrap(inner, {
        async send(queue, frames, signal) {
          if (frames.length < 3) return inner.send(queue, frames, signal);
          const outcomes = await inner.send(queue, frames.toSpliced(2, 1), signal);
          return outcomes.toSpliced(2, 0, "ok");
        },
      }),
  },
  {
    id: "answers-a-batch-out-of-order",
    fault: "answers for the frames of a batch in another order than they were given",
    caughtBy: "seam.send.batch.partial-failure-is-per-item",
    wrap: (inner) =>
      wrap(withFacts(inner, { limits: { ...inner.profile.limits, frameBytes: 10_000 } }), {
        send: async (queue, frames, signal) => {
          const narrow = withFacts(inner, { limits: { ...inner.profile.limits, frameBytes: 10_000 } });
          const outcomes = await narrow.send(queue, frames, signal);
          return outcomes.toSorted((one, other) => Number(typeof one === "object") - Number(typeof other === "object"));
        },
      }),
  },
  {
    id: "swallows-a-failed-send",
    fault: "answers ok for a frame that the broker has refused",
    caughtBy: "seam.send.batch.partial-failure-is-per-item",
    wrap: (inner) => {
      const narrow = withFacts(inner, { limits: { ...inner.profile.limits, frameBytes: 10_000 } });
      return wrap(narrow, {
        async send(queue, frames, signal) {
          const outcomes = await narrow.send(queue, frames, signal);
          return outcomes.map((outcome) => (typeof outcome === "object" ? "ok" : outcome));
        },
      });
    },
  },
  {
    id: "throws-for-one-bad-frame",
    fault: "fails the whole call because of one frame of it",
    caughtBy: "seam.send.batch.partial-failure-is-per-item",
    wrap: (inner) => {
      const narrow = withFacts(inner, { limits: { ...inner.profile.limits, frameBytes: 10_000 } });
      return wrap(narrow, {
        async send(queue, frames, signal) {
          const outcomes = await narrow.send(queue, frames, signal);
          const bad = outcomes.find((outcome) => typeof outcome === "object");
          if (bad !== undefined) throw bad.failed;
          return outcomes;
        },
      });
    },
  },
  {
    id: "ok-to-a-queue-that-is-gone",
    fault: "answers ok to frames for a queue that does not exist any more",
    caughtBy: "seam.send.gone.is-an-answer",
    wrap: (inner) =>
      wrap(inner, {
        async send(queue, frames, signal) {
          const outcomes = await inner.send(queue, frames, signal);
          return outcomes.map((outcome) => (outcome === "gone" ? "ok" : outcome));
        },
      }),
  },
  {
    id: "drops-high-bytes",
    fault: "clears the highest bit of every byte",
    caughtBy: "seam.send.bytes.all-256-values-and-empty",
    wrap: (inner) =>
      wrap(inner, {
        send: (queue, frames, signal) =>
          inner.send(
            queue,
            frames.map((frame) => changedFrame(frame, { bytes: frame.bytes.map((byte) => byte & 0x7f) })),
            signal,
          ),
      }),
  },
  {
    id: "refuses-the-largest-frame",
    fault: "takes frames below limits.frameBytes only, not of exactly so many bytes",
    caughtBy: "seam.send.limit.frame-bytes-exact",
    wrap: (inner) =>
      wrap(inner, {
        async send(queue, frames, signal) {
          const { frameBytes } = inner.profile.limits;
          const fits = frames.filter(({ bytes }) => bytes.length < frameBytes);
          const outcomes = [...(await inner.send(queue, fits, signal))];
          const failed = new FaultError("TOO_LARGE", "a frame is too large");
          return frames.map(({ bytes }) => (bytes.length < frameBytes ? (outcomes.shift() ?? "ok") : { failed }));
        },
      }),
  },
  {
    id: "delays-nothing",
    fault: "forgets the delay of a send",
    caughtBy: "seam.delay.none-early",
    wrap: (inner) =>
      wrap(inner, {
        send: (queue, frames, signal) =>
          inner.send(
            queue,
            frames.map((frame) => changedFrame(frame, { delayMs: 0 })),
            signal,
          ),
      }),
  },
  {
    id: "rounds-delays-up",
    fault: "rounds the delay of a send up to half seconds, and declares a precision of a millisecond",
    caughtBy: "seam.delay.precision",
    wrap: (inner) =>
      wrap(inner, {
        send: (queue, frames, signal) =>
          inner.send(
            queue,
            frames.map((frame) => changedFrame(frame, { delayMs: Math.ceil(frame.delayMs / 500) * 500 })),
            signal,
          ),
      }),
  },
  {
    id: "cuts-long-delays",
    fault: "cuts a delay that is longer than sendDelayMs to that",
    caughtBy: "seam.delay.over-native-cap",
    wrap: (inner) =>
      wrap(inner, {
        profile: { ...inner.profile, sendDelayMs: 5_000 },
        send: (queue, frames, signal) =>
          inner.send(
            queue,
            frames.map((frame) => changedFrame(frame, { delayMs: Math.min(frame.delayMs, 5_000) })),
            signal,
          ),
      }),
  },
  {
    id: "forgets-priorities",
    fault: "sends everything at one priority",
    caughtBy: "seam.priority.strict-descending",
    wrap: (inner) =>
      wrap(inner, {
        send: (queue, frames, signal) =>
          inner.send(
            queue,
            frames.map((frame) => changedFrame(frame, { priority: 5 })),
            signal,
          ),
      }),
  },
  {
    id: "lies-about-starvation",
    fault: "declares that one of 4 grants in a row goes to what has waited longest, and gives it every 16th",
    caughtBy: "seam.priority.no-starvation",
    wrap: (inner) => wrap(inner, { profile: { ...inner.profile, starvationGrants: 4 } }),
  },
];
