import type {
  Backend,
  Delivery,
  HoldOutcome,
  Move,
  OutFrame,
  Queue,
  Receipt,
  Settlement,
} from "@org/dispatch-core/contract";
import { duplicate } from "../decorators/duplicate.ts";
import { intercept } from "../decorators/intercept.ts";
import { wrap } from "../decorators/wrap.ts";

// What the simulation is for, so it must be caught: backends, and habits of who uses them, that are wrong in one way. For the simulation's own tests.

type Mutate = (backend: Backend) => Backend;

const never = new AbortController().signal;

/** Each call of these verbs with other arguments. */
function withSends(backend: Backend, change: (queue: Queue, frame: OutFrame) => OutFrame | undefined): Backend {
  return intercept(backend, async ({ verb, args, proceed }) => {
    if (verb === "send") {
      const [queue, frames, signal] = args as readonly [Queue, readonly OutFrame[], AbortSignal];
      const all = frames.map((frame) => change(queue, frame));
      const kept = all.filter((frame) => frame !== undefined);
      const outcomes = kept.length === 0 ? [] : [...((await proceed(queue, kept, signal)) as unknown[])];
      return all.map((frame) => (frame === undefined ? "ok" : outcomes.shift()));
    }
    if (verb === "move") {
      const moves = (args[0] as readonly Move[]).map((move) => ({
        ...move,
        sends: move.sends.flatMap(({ queue, frame }) => {
          const other = change(queue, frame);
          return other === undefined ? [] : [{ queue, frame: other }];
        }),
      }));
      return proceed(moves, args[1]);
    }
    return proceed();
  });
}

function withDeliveries(backend: Backend, change: (delivery: Delivery) => Delivery): Backend {
  return wrap(backend, {
    receive: async (queue, want, signal) => (await backend.receive(queue, want, signal)).map(change),
  });
}

/** The same frame but for `change`; what is made when it is read is read. */
function changed(frame: OutFrame, change: Partial<OutFrame>): OutFrame {
  const { bytes, name, id, first, priority, delayMs, key } = frame;
  return { bytes, name, id, first, priority, delayMs, key, ...change };
}

/** The same bytes but for one. */
function patched(bytes: Uint8Array, at: number, value: (old: number) => number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = value(copy[at] as number);
  return copy;
}

/** Every so many. */
function every(count: number): () => boolean {
  let seen = 0;
  return () => {
    seen += 1;
    return seen % count === 0;
  };
}

export const mutants: Readonly<Record<string, Mutate>> = {
  "acks what it hands out": (backend) =>
    wrap(backend, {
      async receive(queue, want, signal) {
        const deliveries = await backend.receive(queue, want, signal);
        const acks = deliveries.map(({ receipt }) => ({ kind: "ack", receipt }) as const);
        if (acks.length > 0) await backend.settle(acks, never);
        return deliveries;
      },
      renew: async (receipts) => receipts.map(() => "ok"),
      settle: async (settlements) => settlements.map(() => "ok"),
      ...(backend.move && {
        async move(moves, signal) {
          const sends = moves.flatMap((move) => move.sends);
          for (const { queue, frame } of sends) await backend.send(queue, [frame], signal);
          return moves.map(() => "ok" as const);
        },
      }),
    }),
  "counts no loss": (backend) => withDeliveries(backend, (delivery) => ({ ...delivery, redelivery: 0 })),
  "counts every grant as a loss": (backend) =>
    withDeliveries(backend, (delivery) => ({ ...delivery, redelivery: delivery.redelivery + 1 })),
  "says that it renewed, and did not": (backend) =>
    wrap(backend, { renew: async (receipts) => receipts.map(() => "ok") }),
  "says lost to every renewal": (backend) => wrap(backend, { renew: async (receipts) => receipts.map(() => "lost") }),
  "says ok to an ack, and forgets it": (backend) => {
    const forgets = every(6);
    const settle = async (settlements: readonly Settlement[], signal: AbortSignal): Promise<readonly HoldOutcome[]> => {
      if (settlements.some(({ receipt }) => receipt.queue.role === "work") && forgets())
        return settlements.map(() => "ok");
      return backend.settle(settlements, signal);
    };
    return wrap(backend, { settle });
  },
  "loses a copy": (backend) => {
    const loses = every(5);
    return withSends(backend, (_, frame) => (!frame.first && isTask(frame) && loses() ? undefined : frame));
  },
  "loses a result": (backend) => {
    const loses = every(20);
    return withSends(backend, (queue, frame) => (queue.role === "reply" && loses() ? undefined : frame));
  },
  "loses a first frame": (backend) => {
    const loses = every(30);
    return withSends(backend, (queue, frame) => (frame.first && queue.role === "work" && loses() ? undefined : frame));
  },
  "brings a task twice, and says nothing": (backend) => duplicate(backend, { which: (queue) => queue.role === "work" }),
  "loses dead letters": (backend) => withSends(backend, (queue, frame) => (queue.role === "dead" ? undefined : frame)),
  "forgets delays": (backend) => withSends(backend, (_, frame) => changed(frame, { delayMs: 0 })),
  "brings results an hour late": (backend) =>
    withSends(backend, (queue, frame) => (queue.role === "reply" ? changed(frame, { delayMs: 3_600_000 }) : frame)),
  "brings bytes that were changed": (backend) =>
    withSends(backend, (queue, frame) =>
      queue.role === "work"
        ? changed(frame, { bytes: patched(frame.bytes, frame.bytes.length - 3, swapDigit) })
        : frame,
    ),
  "moves without the ack": (backend) => {
    const { move } = wrap(backend);
    return wrap(backend, {
      ...(move && {
        move: (moves, signal) =>
          move(
            moves.map((one) => ({ ...one, receipts: one.receipts.map(({ receipt }) => ({ receipt, ack: false })) })),
            signal,
          ),
      }),
    });
  },
  "moves without the fence": (backend) => {
    const { move } = wrap(backend);
    return wrap(backend, {
      ...(move && {
        async move(moves, signal) {
          const outcomes = await move(moves, signal);
          for (const [index, outcome] of outcomes.entries()) {
            if (typeof outcome !== "object" || !("lost" in outcome)) continue;
            for (const { queue, frame } of moves[index]?.sends ?? []) await backend.send(queue, [frame], signal);
          }
          return outcomes.map((outcome) => (typeof outcome === "object" && "lost" in outcome ? "ok" : outcome));
        },
      }),
    });
  },
  "acks before the result": (backend) => {
    // Without a move: what is sent to replies arrives late, when its sender may be gone.
    const late: (() => void)[] = [];
    return intercept(backend, async ({ verb, args, proceed }) => {
      const [queue, frames] = args as readonly [Queue, readonly OutFrame[]];
      if (verb !== "send" || queue.role !== "reply") return proceed();
      late.push(() => void backend.send(queue, frames, never).catch(() => {}));
      if (late.length > 3) late.shift()?.();
      return frames.map(() => "ok");
    });
  },
  "hands out twice": (backend) => {
    const again = every(10);
    return wrap(backend, {
      async receive(queue, want, signal) {
        const deliveries = await backend.receive(queue, want, signal);
        if (queue.role !== "work") return deliveries;
        return deliveries.flatMap((delivery) =>
          again() ? [delivery, { ...delivery, receipt: { ...delivery.receipt } as Receipt }] : [delivery],
        );
      },
    });
  },
};

function isTask({ name }: OutFrame): boolean {
  return name.includes("#");
}

/** Another digit or letter, still one: JSON stays JSON. */
function swapDigit(old: number): number {
  return old >= 0x30 && old < 0x39 ? old + 1 : old;
}
