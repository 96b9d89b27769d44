import type { Backend, Move, Queue } from "@org/dispatch-core/contract";
import { wrap } from "../decorators/wrap.ts";
import type { Mutant } from "./mutant.ts";

/** Wrong in what it calls a queue. */
export const namingMutants: readonly Mutant[] = [
  {
    id: "mixes-queues",
    fault: "has one queue for all users of a namespace",
    caughtBy: "seam.receive.queues-isolated",
    wrap: (inner) => named(inner, (queue) => (queue.role === "work" ? { ...queue, of: "everybody" } : queue)),
  },
  {
    id: "drops-what-names-may-not-hold",
    fault: "leaves all out of a name but letters and digits",
    caughtBy: "seam.names.queues-that-differ-anywhere",
    wrap: (inner) => renamed(inner, (name) => name.replace(/[^A-Za-z0-9]/g, "")),
  },
  {
    id: "folds-names",
    fault: "takes upper case and lower case for the same",
    caughtBy: "seam.names.queues-that-differ-anywhere",
    wrap: (inner) => renamed(inner, (name) => name.toLowerCase()),
  },
  {
    id: "cuts-names",
    fault: "keeps the first eighty characters of a name",
    caughtBy: "seam.names.queues-that-differ-anywhere",
    wrap: (inner) => renamed(inner, (name) => name.slice(0, 80)),
  },
  {
    id: "joins-names",
    fault: "joins the parts of a name with dots, which each of them may hold",
    caughtBy: "seam.names.queues-that-differ-anywhere",
    wrap(inner) {
      const part = ({ role, name }: Queue) =>
        role === "reply" ? `.reply.${name}` : name === "normal" ? "" : `.${name}`;
      return named(inner, (queue) => ({ role: "work", name: "normal", of: `${queue.of}${part(queue)}` }));
    },
  },
];

/** All of its queues by other names. */
const renamed = (inner: Backend, change: (name: string) => string): Backend =>
  named(inner, ({ role, name, of }) => ({ role, name: change(name), of: change(of) }));

function named(inner: Backend, other: (queue: Queue) => Queue): Backend {
  return wrap(inner, {
    open: (options, signal) =>
      inner.open({ ...options, receive: options.receive.map(other), send: options.send.map(other) }, signal),
    send: (queue, frames, signal) => inner.send(other(queue), frames, signal),
    receive: (queue, want, signal) => inner.receive(other(queue), want, signal),
    ...(inner.move && {
      move(moves, signal) {
        const there = ({ sends, ...rest }: Move): Move => ({
          ...rest,
          sends: sends.map(({ queue, frame }) => ({ queue: other(queue), frame })),
        });
        return inner.move?.(moves.map(there), signal) ?? Promise.resolve([]);
      },
    }),
  });
}
