import type { Grant, LeaseList } from "./grant.ts";
import type { StoredFrame } from "./stored-frame.ts";

/** So many durations are kept ready; with more, those that nobody uses are forgotten. */
const KEPT_LISTS = 8;

/**
 * The leases of a queue: a doubly linked list per duration through the grants themselves, so that each step costs the same whatever is held, and
 * nothing stays behind after an ack.
 */
export class Leases {
  #lists = new Map<number, LeaseList>();
  #recent: LeaseList | undefined;
  size = 0;
  /** No lease ends before this, in ms on the clock. May be too early, never too late; `Infinity` when nothing is held. */
  nextAtMs = Number.POSITIVE_INFINITY;

  add(grant: Grant, leaseMs: number, nowMs: number): void {
    const list = this.#listOf(leaseMs);
    grant.list = list;
    grant.deadlineAtMs = nowMs + leaseMs;
    grant.previous = list.last;
    if (list.last === undefined) list.first = grant;
    else list.last.next = grant;
    list.last = grant;
    this.size += 1;
    if (grant.deadlineAtMs < this.nextAtMs) this.nextAtMs = grant.deadlineAtMs;
  }

  /** Ends a current grant and gives its frame. The receipt is worth nothing from now on. */
  end(grant: Grant): StoredFrame {
    const frame = grant.frame as StoredFrame;
    grant.frame = undefined;
    this.#unlink(grant);
    if (this.size === 0) this.nextAtMs = Number.POSITIVE_INFINITY;
    return frame;
  }

  /** At least `leaseMs` from now; a lease that is longer already stays as it is. */
  extend(grant: Grant, leaseMs: number, nowMs: number): void {
    if (nowMs + leaseMs <= grant.deadlineAtMs) return;
    this.#unlink(grant);
    this.add(grant, leaseMs, nowMs);
  }

  /** Ends every grant whose time is over, and adds its frame to `frames`. */
  expire(nowMs: number, frames: StoredFrame[]): void {
    if (nowMs < this.nextAtMs) return;
    let nextAtMs = Number.POSITIVE_INFINITY;
    for (const list of this.#lists.values()) {
      let first = list.first;
      while (first !== undefined && first.deadlineAtMs <= nowMs) {
        const frame = this.end(first);
        frame.redelivery += 1;
        frames.push(frame);
        first = list.first;
      }
      if (first !== undefined && first.deadlineAtMs < nextAtMs) nextAtMs = first.deadlineAtMs;
    }
    this.nextAtMs = nextAtMs;
  }

  /** All grants that are held, in no order. The next may be ended before it is asked for the one after. */
  *grants(): Generator<Grant> {
    for (const list of [...this.#lists.values()]) {
      let grant = list.first;
      while (grant !== undefined) {
        const next = grant.next;
        yield grant;
        grant = next;
      }
    }
  }

  #unlink(grant: Grant): void {
    const list = grant.list as LeaseList;
    if (grant.previous === undefined) list.first = grant.next;
    else grant.previous.next = grant.next;
    if (grant.next === undefined) list.last = grant.previous;
    else grant.next.previous = grant.previous;
    grant.list = undefined;
    grant.previous = undefined;
    grant.next = undefined;
    this.size -= 1;
  }

  #listOf(leaseMs: number): LeaseList {
    const recent = this.#recent;
    if (recent !== undefined && recent.durationMs === leaseMs) return recent;
    let list = this.#lists.get(leaseMs);
    if (list === undefined) {
      if (this.#lists.size >= KEPT_LISTS) this.#forgetUnused();
      list = { durationMs: leaseMs, first: undefined, last: undefined };
      this.#lists.set(leaseMs, list);
    }
    this.#recent = list;
    return list;
  }

  #forgetUnused(): void {
    for (const [leaseMs, list] of this.#lists) if (list.first === undefined) this.#lists.delete(leaseMs);
  }
}
