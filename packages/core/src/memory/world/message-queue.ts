import type { Depth, HoldOutcome, OutFrame, Queue, SendOutcome } from "../../contract/index.ts";
import { MemoryError } from "../memory-error.ts";
import { seededDisorder } from "./disorder.ts";
import { Heap } from "./heap.ts";
import { ReadyShelf } from "./ready-shelf.ts";
import type { FrameState, Rules, Store, StorePlace } from "./store.ts";
import { type GrantHome, HeldGrant, type Holder, WorldFrame } from "./world-frame.ts";

/** Who takes frames from a queue as they come: so many more, under such a lease. */
export interface Consumer {
  readonly holder: Holder;
  /** How many more it takes; lowered with each grant. */
  credit: number;
  /** What it was granted credit for ends then. */
  untilMs: number;
  leaseMs: number;
  deliver(grants: readonly HeldGrant[]): void;
}

/**
 * A queue of messages that its receivers share one by one.
 *
 * | from | event | to |
 * |---|---|---|
 * | – | sent | ready, or delayed |
 * | delayed | its time has come | ready (tail) |
 * | ready | granted | held |
 * | held | ack | – |
 * | held | release, orderly end of its session | ready (where it was), or delayed |
 * | held | lease over, loss of its session, reject | ready (where it was), one loss more |
 * | held | total cap of a session's lease | ready (where it was) |
 * | ready, delayed | purge, retention | – |
 * | held | retention | – |
 *
 * A late holder: where fencing is `best-effort`, it may still ack, renew and release what nobody else was granted since.
 */
export class MessageQueue implements Store, GrantHome {
  readonly queue: Queue;
  readonly rules: Rules;
  isEnded = false;
  readAtMs: number;
  readonly #family: StorePlace["family"];
  readonly #ready: ReadyShelf;
  readonly #delayed = new Heap<WorldFrame>((one, other) =>
    one.dueAtMs === other.dueAtMs ? one.sequence < other.sequence : one.dueAtMs < other.dueAtMs,
  );
  /** Those that time can end. */
  readonly #ending = new Heap<HeldGrant>((one, other) => one.deadlineAtMs < other.deadlineAtMs);
  readonly #held = new Set<WorldFrame>();
  /** In the order of their sends, gone ones too; only where retention is bounded. */
  #sent: WorldFrame[] = [];
  #sentHead = 0;
  readonly #consumers = new Set<Consumer>();
  #sequence = 0;

  constructor(queue: Queue, { rules, family }: StorePlace, nowMs: number) {
    const { profile, mechanics } = rules;
    this.queue = queue;
    this.readAtMs = nowMs;
    this.rules = rules;
    this.#family = family;
    this.#ready = new ReadyShelf(profile, seededDisorder(mechanics.seed, mechanics.disorderFrames));
  }

  get nextAtMs(): number {
    const dueAtMs = this.#delayed.first?.dueAtMs ?? Number.POSITIVE_INFINITY;
    return Math.min(dueAtMs, this.#ending.first?.deadlineAtMs ?? Number.POSITIVE_INFINITY);
  }

  accept(frame: OutFrame, nowMs: number): SendOutcome {
    const family = this.#family;
    if (family !== undefined && frame.first) {
      const { id } = frame;
      if (family.isTaken(id, nowMs)) return "duplicate";
      const refusal = this.rules.books.refusal(frame.bytes.length);
      if (refusal !== undefined) return { failed: refusal };
      family.sent(id, nowMs);
    }
    this.put(frame, nowMs);
    return "ok";
  }

  /** Puts a frame in that is never refused: a copy, a reply, a dead letter. */
  put(frame: OutFrame, nowMs: number): void {
    const id = this.#family === undefined ? undefined : frame.id;
    const stored = new WorldFrame(frame.bytes, frame.priority, id, nowMs);
    this.#sequence += 1;
    stored.sequence = this.#sequence;
    if (id !== undefined) {
      this.#family?.take(id);
      this.rules.books.add(frame.bytes.length);
    }
    if (this.rules.profile.retentionMs < Number.MAX_SAFE_INTEGER) this.#sent.push(stored);
    if (frame.delayMs > 0) this.#delay(stored, frame.delayMs, nowMs);
    else this.#ready.put(stored, false);
  }

  add(consumer: Consumer): void {
    this.#consumers.add(consumer);
  }

  drop(consumer: Consumer): void {
    this.#consumers.delete(consumer);
  }

  advance(nowMs: number): void {
    for (let first = this.#ending.first; first !== undefined && first.deadlineAtMs <= nowMs; first = this.#ending.first)
      this.#giveBack(first, this.rules.profile.lease.kind === "timed");
    for (let due = this.#delayed.first; due !== undefined && due.dueAtMs <= nowMs; due = this.#delayed.first) {
      this.#delayed.remove(due);
      this.#sequence += 1;
      due.sequence = this.#sequence;
      this.#ready.put(due, false);
    }
    this.#dropOld(nowMs);
  }

  serve(nowMs: number): void {
    for (const consumer of this.#consumers) {
      if (consumer.credit <= 0 || nowMs > consumer.untilMs) continue;
      if (this.#ready.size === 0) return;
      const grants: HeldGrant[] = [];
      while (consumer.credit > 0) {
        const grant = this.#grant(consumer, nowMs);
        if (grant === undefined) break;
        consumer.credit -= 1;
        grants.push(grant);
      }
      if (grants.length === 0) return;
      // Whoever was served goes behind the others.
      this.#consumers.delete(consumer);
      this.#consumers.add(consumer);
      consumer.deliver(grants);
    }
  }

  /** Is this grant its frame's current one, and not over? */
  isCurrent(grant: HeldGrant, nowMs: number): boolean {
    return grant.frame.grant === grant && nowMs < grant.deadlineAtMs;
  }

  ack(grant: HeldGrant, nowMs: number): HoldOutcome {
    const { frame } = grant;
    if (!this.isCurrent(grant, nowMs)) {
      if (grant.isSettled || this.rules.profile.fencing !== "best-effort") return "lost";
      const isOthers = frame.lastGrant !== grant;
      if (frame.state === "gone" || (isOthers && this.rules.mechanics.lateAck === "ignored")) return "ok";
    }
    grant.isSettled = true;
    this.#forget(frame);
    return "ok";
  }

  release(grant: HeldGrant, delayMs: number, nowMs: number): HoldOutcome {
    if (!this.#isHeldBy(grant, nowMs)) return "lost";
    grant.isSettled = true;
    this.#takeOut(grant.frame);
    if (delayMs > 0) this.#delay(grant.frame, delayMs, nowMs);
    else this.#ready.put(grant.frame, true);
    return "ok";
  }

  /** The holder of a session's lease has not renewed it, or is gone. */
  lose(grant: HeldGrant): void {
    if (grant.frame.grant === grant) this.#giveBack(grant, true);
  }

  /** Never shortens. Beyond the total cap it fails, and the lease ends when it would have: SQS refuses and does not clamp. */
  renew(grant: HeldGrant, leaseMs: number, nowMs: number): HoldOutcome {
    if (!this.#isHeldBy(grant, nowMs)) return "lost";
    const { lease } = this.rules.profile;
    if (lease.kind !== "timed") return "ok";
    const deadlineAtMs = nowMs + roundUp(leaseMs, lease.stepMs);
    if (deadlineAtMs - grant.grantedAtMs > lease.totalCapMs) {
      const left = grant.grantedAtMs + lease.totalCapMs - nowMs;
      return {
        failed: new MemoryError(
          "MISMATCH",
          `a lease of ${leaseMs} ms passes the total cap, of which ${left} ms are left`,
        ),
      };
    }
    if (grant.frame.grant === grant && deadlineAtMs <= grant.deadlineAtMs) return "ok";
    this.#takeOut(grant.frame);
    this.#hold(grant, deadlineAtMs);
    return "ok";
  }

  depth(): Depth {
    const { exactDepth: exact } = this.rules.mechanics;
    return { ready: this.#ready.size, leased: this.#held.size, delayed: this.#delayed.size, exact };
  }

  frames(): readonly { bytes: Uint8Array; state: FrameState; sequence: number }[] {
    const of = (frames: Iterable<WorldFrame>, state: FrameState) =>
      Array.from(frames, ({ bytes, sequence }) => ({ bytes, state, sequence }));
    const all = [
      ...of(this.#ready.frames(), "ready"),
      ...of(this.#delayed.items, "delayed"),
      ...of(this.#held, "leased"),
    ];
    return all.sort((one, other) => one.sequence - other.sequence);
  }

  purge(): number {
    const { purgesDelayed = true } = this.rules.profile;
    const frames = [...this.#ready.frames(), ...(purgesDelayed ? this.#delayed.items : [])];
    for (const frame of frames) this.#forget(frame);
    return frames.length;
  }

  read(nowMs: number): void {
    this.readAtMs = nowMs;
  }

  clear(): void {
    for (const frame of [...this.#ready.frames(), ...this.#delayed.items, ...this.#held]) this.#forget(frame);
  }

  end(): void {
    this.isEnded = true;
    this.clear();
    this.#consumers.clear();
  }

  #grant(consumer: Consumer, nowMs: number): HeldGrant | undefined {
    const { profile } = this.rules;
    if (this.#held.size >= profile.limits.inFlight) return undefined;
    const frame = this.#ready.shift();
    if (frame === undefined) return undefined;
    const earlier = profile.redelivery === "losses" ? frame.losses : frame.grants;
    const redelivery = profile.redelivery === "once" ? Math.min(1, earlier) : earlier;
    frame.grants += 1;
    const grant = new HeldGrant(this, frame, consumer.holder, redelivery, nowMs);
    const { lease } = profile;
    const lastsMs = lease.kind === "timed" ? roundUp(consumer.leaseMs, lease.stepMs) : lease.totalCapMs;
    const cappedMs = Math.min(lastsMs, lease.totalCapMs);
    this.#hold(grant, cappedMs < Number.MAX_SAFE_INTEGER ? nowMs + cappedMs : Number.POSITIVE_INFINITY);
    return grant;
  }

  #hold(grant: HeldGrant, deadlineAtMs: number): void {
    grant.deadlineAtMs = deadlineAtMs;
    grant.frame.grant = grant;
    grant.frame.lastGrant = grant;
    grant.frame.state = "held";
    grant.holder.grants.add(grant);
    this.#held.add(grant.frame);
    if (deadlineAtMs < Number.POSITIVE_INFINITY) this.#ending.push(grant);
  }

  #isHeldBy(grant: HeldGrant, nowMs: number): boolean {
    if (this.isCurrent(grant, nowMs)) return true;
    const { frame, isSettled } = grant;
    const isLast = frame.lastGrant === grant;
    return this.rules.profile.fencing === "best-effort" && !isSettled && isLast && frame.state !== "gone";
  }

  #giveBack(grant: HeldGrant, isLoss: boolean): void {
    this.#takeOut(grant.frame);
    if (isLoss) grant.frame.losses += 1;
    this.#ready.put(grant.frame, true);
  }

  /** Out of wherever it is; it must be put somewhere else, or forgotten. */
  #takeOut(frame: WorldFrame): void {
    const { grant, state } = frame;
    if (state === "ready") this.#ready.remove(frame);
    else if (state === "delayed") this.#delayed.remove(frame);
    else if (grant !== undefined) {
      if (grant.heapPlace >= 0) this.#ending.remove(grant);
      grant.holder.grants.delete(grant);
      this.#held.delete(frame);
      frame.grant = undefined;
    }
  }

  #forget(frame: WorldFrame): void {
    if (frame.state === "gone") return;
    this.#takeOut(frame);
    frame.state = "gone";
    if (frame.id === undefined) return;
    this.#family?.free(frame.id);
    this.rules.books.subtract(frame.bytes.length);
  }

  /** Late by less than the declared precision, never early. */
  #delay(frame: WorldFrame, delayMs: number, nowMs: number): void {
    frame.dueAtMs = nowMs + roundUp(delayMs, this.rules.profile.limits.delayPrecisionMs);
    frame.state = "delayed";
    this.#delayed.push(frame);
  }

  #dropOld(nowMs: number): void {
    const { retentionMs } = this.rules.profile;
    for (; this.#sentHead < this.#sent.length; this.#sentHead += 1) {
      const frame = this.#sent[this.#sentHead] as WorldFrame;
      if (frame.state !== "gone" && frame.sentAtMs + retentionMs > nowMs) break;
      this.#forget(frame);
    }
    if (this.#sentHead < 1_024 || this.#sentHead * 2 < this.#sent.length) return;
    this.#sent = this.#sent.slice(this.#sentHead);
    this.#sentHead = 0;
  }
}

function roundUp(ms: number, stepMs: number): number {
  return Math.ceil(ms / stepMs) * stepMs;
}
