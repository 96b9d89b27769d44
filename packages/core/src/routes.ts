import type { Waiting } from "./codec/hop.ts";
import type { Profile, Queue } from "./contract/index.ts";
import { type Absent, nothingAbsent } from "./plan/absent.ts";
import { type DelayPlan, delayPlan, type Hop, nextHop } from "./plan/delay.ts";
import { type Lane, laneOf, lanesOf } from "./plan/lanes.ts";
import { laterQueue, tierQueue, workQueue } from "./queues.ts";

/** Where a frame goes next, with what native delay, and what it must carry if it waits there. */
export interface Route {
  readonly queue: Queue;
  readonly delayMs: number;
  readonly waiting: Waiting | undefined;
}

/** The way of a frame on one backend: which lane its priority means, and where it waits for its time. */
export class Routes {
  readonly lanes: readonly Lane[];
  readonly delay: DelayPlan;
  readonly absent: Absent;
  /** The way to each lane at once: the same object for the same queue, so that who sends many frames to it need not look it up. */
  #direct: Route | undefined;

  constructor(profile: Profile, absent: Absent = nothingAbsent) {
    this.lanes = lanesOf(profile, absent);
    this.delay = delayPlan(profile, absent);
    this.absent = absent;
  }

  /** All lanes of a queue, highest first. */
  workQueues(of: string): readonly Queue[] {
    return this.lanes.map(({ name }) => workQueue(of, name));
  }

  /** The queues in which frames of it wait for their time. */
  delayQueues(of: string): readonly Queue[] {
    if (this.delay.kind === "later") return [laterQueue(of)];
    return this.delay.kind === "tiers" ? this.delay.tiersMs.map(tierQueue) : [];
  }

  queues(of: string): readonly Queue[] {
    return [...this.workQueues(of), ...this.delayQueues(of)];
  }

  laneOf(priority: number): string {
    return laneOf(this.lanes, priority).name;
  }

  /** What keeps its order among itself: a priority where the broker has them, else a lane. The number of a lane is its lowest priority. */
  bandOf(priority: number): number {
    return this.lanes.length === 1 && !this.absent.lanes ? priority : laneOf(this.lanes, priority).least;
  }

  /** The next hop of a frame for `lane` of the queue `of` that is due at `dueAt`. `wallMs`: now. */
  route(of: string, lane: string, dueAt: number, wallMs: number): Route {
    if (dueAt <= wallMs) return this.#now(of, lane);
    const hop: Hop = nextHop(this.delay, dueAt - wallMs);
    // The broker keeps its time, and the frame says it: it is as old as it has been ready.
    if (hop.to === "work") return { queue: this.#now(of, lane).queue, delayMs: hop.delayMs, waiting: { dueAt } };
    const stayMs = hop.to === "later" ? hop.delayMs : hop.tierMs;
    const waiting = { queue: of, lane, dueAt, leaveAt: wallMs + stayMs };
    if (hop.to === "later") return { queue: laterQueue(of), delayMs: hop.delayMs, waiting };
    return { queue: tierQueue(hop.tierMs), delayMs: 0, waiting };
  }

  #now(of: string, lane: string): Route {
    if (this.#direct?.queue.of !== of || this.#direct.queue.name !== lane)
      this.#direct = { queue: workQueue(of, lane), delayMs: 0, waiting: undefined };
    return this.#direct;
  }
}
