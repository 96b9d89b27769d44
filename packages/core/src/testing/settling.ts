import { hopFrame } from "../codec/hop.ts";
import { deadFrame, replyFrame } from "../codec/maker.ts";
import type { Profile, Receipt } from "../contract/index.ts";
import { deadQueue, replyQueue, workQueue } from "../queues.ts";
import type { Decision } from "../settle/decision.ts";
import { Settler, type SettlerPort, type Settling } from "../settle/settler.ts";
import { bodyOf, decoded, type FrameOptions, frameOf } from "./frames.ts";
import { receiptOf, scripted } from "./scripted-backend.ts";

// For tests only; not a part of the package.

const WORK = workQueue("default");

/** Room for what stands around the results. */
const FRAME_HEAD_BYTES = 1_024;

export const SETTLE_LEASE_MS = 1_000;

interface Reply {
  readonly results: readonly { readonly index: number; readonly outcome: string }[];
  readonly plain: Readonly<Record<string, readonly unknown[]>>;
  readonly probes: readonly { readonly sequence: number }[];
}

/** A settler on a scripted backend; `told` is what its worker hears. */
export function settlerBench(profile: Partial<Profile> = {}, port: Partial<SettlerPort<Settling>> = {}) {
  const world = scripted(profile);
  const told: string[] = [];
  const denied = new Set<Settling>();
  const labels = new Map<Settling, string>();
  const settler = new Settler<Settling>({
    ...world,
    profile: world.backend.profile,
    worker: "w1",
    work: () => WORK,
    dead: deadQueue("default"),
    reply: (coordinator) => replyQueue("default", coordinator),
    alone: (frame) => frame,
    copy: hopFrame,
    deadLetter: deadFrame,
    replyBytes: world.backend.profile.limits.frameBytes - FRAME_HEAD_BYTES,
    replyFrame: (json) => replyFrame(json, 0),
    mayWrite: (hold) => !denied.has(hold),
    mayAck: () => true,
    settled: (hold, _, delivered) => told.push(`settled ${labels.get(hold)}${delivered ? "" : " undelivered"}`),
    refused: (hold) => told.push(`refused ${labels.get(hold)}`),
    ...port,
  });
  /** A frame in hand whose receipt is called as its index. */
  const hold = (options: FrameOptions = {}, deadline = SETTLE_LEASE_MS): Settling => {
    const frame = frameOf(options);
    const held = { receipt: receiptOf(`${frame.first}`), frame, lost: frame.lost, deadline, whole: true, left: 1 };
    labels.set(held, `${frame.first}`);
    return held;
  };
  const adopt = (held: Settling, label: string): Settling => {
    labels.set(held, label);
    return held;
  };
  /** What was sent, in words: `c1: results 0 1`, `dead 3 REJECTED`, `work 4#0.1~0 after 5`. */
  const sent = () =>
    world.backend.sent.map(({ queue, frame }) => {
      if (queue.role === "reply") {
        const { results, plain, probes } = bodyOf(frame) as Reply;
        const indexes = Object.values(plain).flatMap((triples) => triples.filter((_, place) => place % 3 === 0));
        const parts = [
          ...results.map(({ index }) => index),
          ...indexes,
          ...probes.map(({ sequence }) => `probe ${sequence}`),
        ];
        return `${queue.name}: ${parts.join(" ")}`;
      }
      const { name, death, first } = decoded(frame.bytes);
      if (queue.role === "dead") return `dead ${first} ${death?.reason}`;
      return `work ${name.slice(name.indexOf("/") + 1)} after ${frame.delayMs}`;
    });
  return { ...world, settler, told, denied, hold, adopt, sent };
}

/** Tasks of packs: their frame is acked with the last of them, or after it, as a worker does it. */
export function packBench(
  profile: Partial<Profile> = {},
  options: FrameOptions = {},
  alone: SettlerPort<Settling>["alone"] = (frame) => frame,
) {
  interface Pack {
    readonly receipt: Receipt;
    readonly name: string;
    left: number;
    deadline: number;
    lost: boolean;
  }
  interface Part extends Settling {
    readonly pack: Pack;
  }
  const told: string[] = [];
  const packs: Pack[] = [];
  const packOf = (task: Settling) => (task as Part).pack;
  const bench = settlerBench(profile, {
    alone,
    mayWrite: (task) => !packOf(task).lost,
    mayAck: (task) => !packOf(task).lost,
    refused: (task) => {
      packOf(task).lost = true;
      told.push(`refused ${task.frame.first}`);
    },
    settled: (task, _decision, delivered, acked) => {
      const { pack } = task as Part;
      const label = task.whole ? pack.name : `${task.frame.first}`;
      if (task.whole) {
        told.push(`settled ${label}`);
        return;
      }
      pack.left -= 1;
      const last = pack.left === 0;
      told.push(`settled ${label}${last && acked ? " acked" : ""}${delivered ? "" : " undelivered"}`);
      if (last && !acked) bench.settler.settle({ ...task, whole: true, left: 1, pack } as Part, { kind: "ack" });
    },
  });
  const parts = (count: number, name = "pack", from = 0) => {
    const pack: Pack = { receipt: receiptOf(name), name, left: count, deadline: SETTLE_LEASE_MS, lost: false };
    packs.push(pack);
    return Array.from(
      { length: count },
      (_, position): Part => ({
        receipt: pack.receipt,
        frame: frameOf({ index: from + position, ...options }),
        lost: 0,
        whole: false,
        get left() {
          return pack.left;
        },
        get deadline() {
          return pack.lost ? Number.NEGATIVE_INFINITY : pack.deadline;
        },
        pack,
      }),
    ) as unknown as [Part, Part, Part, Part, ...Part[]];
  };
  /** Whether each write of a frame was its ack, in order. */
  const acks: boolean[] = [];
  const { onMove, onSettle } = bench.backend;
  bench.backend.onMove = (moves, signal) => {
    for (const { receipts } of moves) for (const { ack } of receipts) acks.push(ack);
    return onMove(moves, signal);
  };
  bench.backend.onSettle = (settlements, signal) => {
    for (const { kind } of settlements) acks.push(kind === "ack");
    return onSettle(settlements, signal);
  };
  const renewTo = (deadline: number) => {
    for (const pack of packs) pack.deadline = deadline;
  };
  return { ...bench, told, parts, acks, renewTo };
}

export const completed = {
  kind: "end",
  ending: { outcome: "completed", json: "1", error: undefined, attempts: 1, durationMs: 1 },
  death: undefined,
} as const satisfies Decision;

const rejected = { name: "Error", message: "boom", code: "REJECTED" } as const;

export const died = {
  kind: "end",
  ending: { outcome: "dead", json: undefined, error: rejected, attempts: 1, durationMs: 1 },
  death: { reason: "REJECTED", error: rejected, attempts: 1, lost: 0, firstSentAt: 1_000, diedAt: 5_000 },
} as const satisfies Decision;

export function retried(attempt: number, delayMs: number) {
  return {
    kind: "copy",
    counters: { round: 0, attempt, copy: 0, lost: 0 },
    delayMs,
    reason: "failed",
    code: undefined,
    durationMs: 1,
  } as const satisfies Decision;
}
