import type { Calls } from "./call.ts";
import type { BodyCodec } from "./codec/body.ts";
import { decodeFrame, isBad } from "./codec/frame.ts";
import { newRun, rejectedFrame } from "./codec/maker.ts";
import type { BadFrame, Clock, Delivery, Frame, Observer, Queue } from "./contract/index.ts";
import { DispatchError, toWireError } from "./errors.ts";
import { Hold, type OnLost } from "./lease/hold.ts";
import type { Keeper } from "./lease/keeper.ts";
import { rejectFrame } from "./settle/rejection.ts";

export interface IntakePort {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly observer: Observer | undefined;
  readonly keeper: Keeper;
  readonly leaseMs: number;
  readonly dead: Queue;
  readonly codec: BodyCodec;
  /** Its lease is over before it was settled. */
  readonly lost: OnLost;
}

/** From what a receive brought to frames under a lease: what cannot be read goes to the dead letters, what came late is renewed first. */
export class Intake {
  readonly #port: IntakePort;

  constructor(port: IntakePort) {
    this.#port = port;
  }

  async holds(queue: Queue, deliveries: readonly Delivery[], requestedAt: number): Promise<readonly Hold[]> {
    const { clock, keeper, leaseMs, calls } = this.#port;
    const { countsUnheld } = calls.backend.profile;
    // The leases may have begun as early as the request: what came late is made whole before anything is run under it.
    const late = clock.now() - requestedAt > leaseMs / 3;
    const deadlines = late ? await keeper.makeWhole(deliveries, requestedAt) : undefined;
    const inTime = keeper.deadlineFrom(requestedAt);
    const holds: Hold[] = [];
    for (let index = 0; index < deliveries.length; index += 1) {
      const delivery = deliveries[index] as Delivery;
      const deadline = deadlines === undefined ? inTime : deadlines[index];
      if (deadline === undefined) continue;
      const frame = decodeFrame(delivery.bytes, queue.of, queue.name);
      const bad = isBad(frame) ? frame : badFor(queue, frame);
      if (bad !== undefined) {
        this.#reject(queue, delivery, bad, deadline);
        continue;
      }
      const counted = countsUnheld === true ? Math.min(1, delivery.redelivery) : delivery.redelivery;
      const lost = (frame as Frame).lost + counted;
      const hold = new Hold(delivery.receipt, frame as Frame, lost, deadline, this.#port.lost);
      keeper.add(hold);
      holds.push(hold);
    }
    return holds.filter(({ state }) => state.at === "held");
  }

  /** A frame without a header that can be believed has no counters, no lease in our books, and nobody who waits. */
  #reject(queue: Queue, { receipt, bytes }: Delivery, { bad, detail }: BadFrame, deadline: number): void {
    const { calls, clock, observer, dead, codec } = this.#port;
    const wallMs = clock.wall();
    const error = { ...toWireError(new DispatchError(bad, detail), bad), stack: undefined };
    observer?.({ event: "frame_rejected", queue: dead.of, code: bad, detail, bytes: bytes.length });
    const death = { reason: bad, error, attempts: 0, lost: 0, firstSentAt: wallMs, diedAt: wallMs };
    const letter = rejectedFrame(bytes, dead.of, queue.name, death, newRun(), codec);
    void rejectFrame(calls, receipt, dead, letter, deadline);
  }
}

/** What has no business in a queue of this kind. */
function badFor(queue: Queue, frame: Frame): BadFrame | undefined {
  if (frame.type !== "task") return { bad: "FRAME_INVALID", detail: `a ${frame.type} in a ${queue.role} queue` };
  if (queue.role !== "work" && (frame.dueAt === undefined || frame.queue === "" || frame.lane === queue.name)) {
    return { bad: "FRAME_INVALID", detail: `a task that waits for no time, or for no queue, in a ${queue.role} queue` };
  }
  return undefined;
}
