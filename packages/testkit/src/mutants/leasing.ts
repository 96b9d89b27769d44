import type { Clock, Receipt } from "@org/dispatch-core/contract";
import { wrap } from "../decorators/wrap.ts";
import type { Mutant } from "./mutant.ts";

/** Wrong in how long a lease lasts, and what ends it. */
export const leasingMutants: readonly Mutant[] = [
  {
    id: "renew-always-ok",
    fault: "answers every renewal with ok",
    caughtBy: "seam.lease.renew.after-loss-is-lost",
    wrap: (inner) =>
      wrap(inner, {
        async renew(receipts, leaseMs, signal) {
          await inner.renew(receipts, leaseMs, signal);
          return receipts.map(() => "ok");
        },
      }),
  },
  {
    id: "renews-nothing",
    fault: "says that it has renewed a lease, and has only looked whether it is held",
    caughtBy: "seam.lease.renew.keeps-past-three-leases",
    wrap: (inner) => wrap(inner, { renew: (receipts, _leaseMs, signal) => inner.renew(receipts, 1, signal) }),
  },
  {
    id: "answers-renewals-out-of-order",
    fault: "answers a batch of renewals from its end",
    caughtBy: "seam.lease.renew.batch-mixed-live-and-stale",
    wrap: (inner) =>
      wrap(inner, {
        renew: async (receipts, leaseMs, signal) => (await inner.renew(receipts, leaseMs, signal)).toReversed(),
      }),
  },
  {
    id: "lease-ends-early",
    fault: "leases for a hundredth less than it was asked for",
    caughtBy: "seam.lease.expiry.not-before-lease",
    wrap: (inner) =>
      wrap(inner, {
        receive: (queue, want, signal) => inner.receive(queue, { ...want, leaseMs: want.leaseMs * 0.99 }, signal),
      }),
  },
  {
    id: "leases-as-it-was-opened",
    fault: "leases for what open was told, whatever the receive asks for",
    caughtBy: "seam.lease.expiry.as-the-receive-asked",
    wrap(inner) {
      let leaseMs = 0;
      return wrap(inner, {
        open(options, signal) {
          leaseMs = options.leaseMs;
          return inner.open(options, signal);
        },
        receive: (queue, want, signal) => inner.receive(queue, { ...want, leaseMs }, signal),
      });
    },
  },
  {
    id: "renews-for-half",
    fault: "renews for half of what it was asked for, which is enough for who renews every third of a lease",
    caughtBy: "seam.lease.renew.keeps-past-three-leases",
    wrap: (inner) => wrap(inner, { renew: (receipts, leaseMs, signal) => inner.renew(receipts, leaseMs / 2, signal) }),
  },
  {
    id: "lease-and-renewal-end-early",
    fault: "leases and renews for a tenth less than it was asked for",
    caughtBy: "seam.lease.after-long-wait-is-whole",
    wrap: (inner) =>
      wrap(inner, {
        receive: (queue, want, signal) => inner.receive(queue, { ...want, leaseMs: want.leaseMs * 0.9 }, signal),
        renew: (receipts, leaseMs, signal) => inner.renew(receipts, leaseMs * 0.9, signal),
      }),
  },
  {
    id: "lease-never-ends",
    fault: "leases for ever",
    caughtBy: "seam.lease.killed-process.redelivered-within-detection",
    wrap: (inner) =>
      wrap(inner, {
        receive: (queue, want, signal) => inner.receive(queue, { ...want, leaseMs: want.leaseMs * 1_000 }, signal),
      }),
  },
  {
    id: "renewal-shortens",
    fault: "takes a renewal for the new end of the lease, also where that is sooner",
    caughtBy: "seam.lease.renew.never-shortens",
    wrap(inner) {
      const untilMs = new WeakMap<Receipt, number>();
      let clock: Clock | undefined;
      const now = () => clock?.now() ?? 0;
      return wrap(inner, {
        open(options, signal) {
          clock = options.clock;
          return inner.open(options, signal);
        },
        async receive(queue, want, signal) {
          const got = await inner.receive(queue, want, signal);
          for (const { receipt } of got) untilMs.set(receipt, now() + want.leaseMs);
          return got;
        },
        async renew(receipts, leaseMs, signal) {
          const shorter = receipts.filter((receipt) => (untilMs.get(receipt) ?? 0) > now() + leaseMs);
          const answers = await inner.renew(receipts, leaseMs, signal);
          for (const receipt of shorter)
            clock?.after(leaseMs, () => void inner.settle([{ kind: "release", receipt, delayMs: 0 }], signal), true);
          return answers;
        },
      });
    },
  },
  {
    id: "forgets-acks",
    fault: "answers an ack with ok, and does nothing",
    caughtBy: "seam.lease.ack-removes",
    wrap: (inner) =>
      wrap(inner, {
        async settle(settlements, signal) {
          const kept = settlements.filter(({ kind }) => kind !== "ack");
          const answers = [...(await inner.settle(kept, signal))];
          return settlements.map(({ kind }) => (kind === "ack" ? "ok" : (answers.shift() ?? "lost")));
        },
      }),
  },
  {
    id: "resurrects-an-expired-lease",
    fault: "lets a holder whose lease is over acknowledge, and claims strict fencing",
    caughtBy: "seam.settle.stale-holder-cannot-ack",
    wrap(inner) {
      const current = new Map<string, Receipt>();
      const keys = new WeakMap<Receipt, string>();
      return wrap(inner, {
        async receive(queue, want, signal) {
          const got = await inner.receive(queue, want, signal);
          for (const { receipt, bytes } of got) {
            const key = Buffer.from(bytes).toString("latin1");
            keys.set(receipt, key);
            current.set(key, receipt);
          }
          return got;
        },
        // By the frame, not by the grant.
        settle: (settlements, signal) =>
          inner.settle(
            settlements.map((one) => ({ ...one, receipt: current.get(keys.get(one.receipt) ?? "") ?? one.receipt })),
            signal,
          ),
      });
    },
  },
  {
    id: "hears-who-stood-still",
    fault: "answers ok to the settlement of a holder that has stood still and lost its lease",
    caughtBy: "seam.lease.frozen-process.redelivered",
    wrap(inner) {
      const settled = new WeakSet<Receipt>();
      return wrap(inner, {
        async settle(settlements, signal) {
          const answers = await inner.settle(settlements, signal);
          return settlements.map(({ receipt }, index) => {
            if (answers[index] === "lost" && !settled.has(receipt)) return "ok";
            settled.add(receipt);
            return answers[index] ?? "lost";
          });
        },
      });
    },
  },
  {
    id: "ignores-what-it-was-told-of-a-cap",
    fault: "declares a total cap for a lease, and renews beyond it",
    caughtBy: "seam.lease.total-cap.reported",
    wrap: (inner) =>
      wrap(inner, { profile: { ...inner.profile, lease: { kind: "timed", stepMs: 1, totalCapMs: 60_000 } } }),
  },
];
