import assert from "node:assert/strict";
import { codes } from "@org/dispatch-core";
import type { CallCode, Delivery } from "@org/dispatch-core/contract";
import { area, verbs } from "../case.ts";
import { Bare, frameOf, never, REPLY, textsOf } from "../world/bare.ts";
import { CountingClock } from "../world/counting-clock.ts";
import { DEAD, WORK, type World } from "../world/world.ts";

const callCodes: readonly CallCode[] = [
  "UNAVAILABLE",
  "THROTTLED",
  "TIMED_OUT",
  "DENIED",
  "MISSING",
  "MISMATCH",
  "TOO_LARGE",
  "QUEUE_FULL",
  "CLOSED",
];

const coded = (code: string) => Object.assign(new Error(`connect ${code} 127.0.0.1:1`), { code });

/** What no client throws on purpose, and what every client does some day. */
const strange = (): readonly unknown[] => {
  const loop: { self?: unknown } = {};
  loop.self = loop;
  const spiteful = new Proxy(
    {},
    {
      get: () => {
        throw new Error("do not look at me");
      },
    },
  );
  return [
    undefined,
    null,
    0,
    "text",
    Symbol("s"),
    {},
    [],
    loop,
    spiteful,
    new Error(""),
    new TypeError("x"),
    Object.create(null),
  ];
};

/** What goes wrong: said in codes, and in time. */
export const seamFaultCases = [
  ...area("seam", "errors", {
    "every-code-classified": {
      cites: ["L2"],
      expects:
        "classify has a code for anything, never throws, and calls a broken connection something that is tried again",
      async run(world) {
        const bare = await Bare.open(world);
        const { backend } = bare;
        for (const error of strange()) {
          const { code } = backend.classify(error);
          assert.ok(callCodes.includes(code), `classify says ${String(code)}, which is no code of a call`);
          assert.equal(backend.classify(error).code, code, "classify changes its mind");
        }
        for (const name of ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN"]) {
          const { code } = backend.classify(coded(name));
          assert.ok(codes[code].again, `L2: ${name} is called ${code}, which is not tried again`);
        }
        const abort = new DOMException("This operation was aborted", "AbortError");
        assert.ok(callCodes.includes(backend.classify(abort).code));
      },
    },

    "black-hole.settles-by-deadline": {
      cites: ["L2"],
      needs: "proxy",
      expects:
        "on a connection that answers no more, every call settles when its signal fires; receive brings nothing, the others may throw",
      async run(world) {
        const bare = await Bare.open(world);
        await bare.send(["a"]);
        const [held] = await bare.receive({ max: 1 });
        const { receipt } = held as Delivery;
        // Where the broker lives in this process it cannot fall silent: then only a wait is there to be ended.
        if (!bare.process.blackHole(true)) bare.process.blackHole(false);
        const { backend } = bare;
        const want = { max: 1, waitMs: world.leaseMs * 3, leaseMs: world.leaseMs };
        const calls: Readonly<Record<string, (signal: AbortSignal) => Promise<unknown> | undefined>> = {
          send: (signal) => backend.send(WORK, [frameOf("b")], signal),
          receive: (signal) => backend.receive(REPLY, want, signal),
          renew: (signal) => backend.renew([receipt], world.leaseMs, signal),
          settle: (signal) => backend.settle([{ kind: "ack", receipt }], signal),
          move: (signal) => backend.move?.([{ receipts: [{ receipt, ack: true }], sends: [] }], signal),
          depth: (signal) => backend.depth?.(WORK, signal),
        };
        const deadline = new AbortController();
        const open = new Set<string>();
        for (const [verb, call] of Object.entries(calls)) {
          const answer = call(deadline.signal);
          if (answer === undefined) continue;
          open.add(verb);
          const settled = () => open.delete(verb);
          answer.then(settled, settled);
        }
        await world.time.pass(500);
        deadline.abort(new Error("the deadline"));
        const withinMs = world.profile.pollMs + world.slackMs + 10;
        await world.time.until(() => open.size === 0, "every call settles", withinMs);
        bare.process.blackHole(false);
      },
    },
  }),

  ...area("seam", "close", {
    "returns-held": {
      cites: ["I8", "I18"],
      expects: "close gives back what is held: it is there for others at once, and no loss is counted",
      when: ({ durability }) => durability !== "none" || "durability none: all ends with the backend",
      async run(world) {
        const bare = await Bare.open(world);
        const other = await Bare.open(world);
        await bare.send(["a", "b"]);
        const askedAt = world.clock.now();
        assert.equal((await bare.receiveAll(2)).length, 2);
        await world.time.wait(bare.backend.close(), "close answers");
        const again = await other.receiveAll(2, { waitMs: world.lossMs * 2 });
        const heldMs = world.clock.now() - askedAt;
        assert.deepEqual(textsOf(again).sort(), ["a", "b"]);
        assert.ok(heldMs < world.leaseMs + world.profile.ackLagMs, `I18: it came back with its lease only`);
        const counted = world.profile.redelivery === "grants" ? 1 : 0;
        for (const { redelivery } of again) assert.equal(redelivery, counted, "I8: an orderly close counts as a loss");
      },
    },

    "leaks-no-handle": {
      cites: ["I19"],
      expects: "after close no timer of the backend is left on the clock that open was given",
      async run(world) {
        const backend = world.elsewhere();
        const clock = new CountingClock(world.clock);
        const options = { receive: [WORK, DEAD], send: [WORK, DEAD], create: true, leaseMs: world.leaseMs, clock };
        await world.time.wait(backend.open(options, never), "open answers");
        await world.time.wait(backend.send(WORK, [frameOf("a"), frameOf("b")], never), "send answers");
        const want = { max: 1, waitMs: 100, leaseMs: world.leaseMs };
        const held = await world.time.wait(backend.receive(WORK, want, never), "receive answers");
        assert.equal(held.length, 1);
        const empty = backend.receive(DEAD, { ...want, waitMs: world.leaseMs * 50 }, never).catch(() => []);
        await world.time.pass(50);
        await world.time.wait(backend.close(), "close answers");
        await world.time.wait(empty, "the waiting receive ends");
        await world.time.pass(world.slackMs);
        assert.equal(clock.pending, 0, `I19: ${clock.pending} timers are left after close`);
      },
    },
  }),

  ...area("seam", "move", {
    "family-in-one-slot": {
      cites: ["I1", "I4"],
      expects:
        "a move may go to every queue of its family in one step: its lanes, replies, dead letters and what is for later",
      when: verbs("move"),
      run: family,
    },
  }),
];

async function family(world: World): Promise<void> {
  const { of } = WORK;
  const queues = [
    { role: "work", name: "high", of },
    { role: "reply", name: "coordinator-1", of },
    { role: "dead", name: "dead", of },
    { role: "later", name: "later", of },
  ] as const;
  const bare = await Bare.open(world, [WORK, ...queues]);
  await bare.send(["a"]);
  const [held] = await bare.receive();
  const { receipt } = held as Delivery;
  const sends = queues.map((queue) => ({ queue, frame: frameOf(`to ${queue.role}`, { id: "a", first: false }) }));
  const answer = bare.backend.move?.([{ receipts: [{ receipt, ack: true }], sends }], never) ?? Promise.reject();
  assert.deepEqual(await world.time.wait(answer, "move answers"), ["ok"]);
  for (const queue of queues) assert.deepEqual(textsOf(await bare.receive({}, queue)), [`to ${queue.role}`]);
  assert.deepEqual(await bare.renew(held as Delivery), ["lost"], "I4: what was acked by a move is still held");
}
