import type { Profile } from "../../contract/index.ts";
import { DispatchError } from "../../errors.ts";
import { checkKnown, checkWhole } from "../../option-checks.ts";

/** How a world does what its profile says: what no fact of a profile tells, because core must not know it. */
export interface Mechanics {
  /** Into so many partitions each queue of a log is cut. Only where the profile's sharing is `partition`. */
  readonly partitions: number;
  /** A frame in hand may stand so many offsets above the watermark of its partition. */
  readonly windowOffsets: number;
  /** A member that receives nothing and holds nothing leaves its group after so long: its partitions are for those who work. */
  readonly idleMs: number;
  /** So many completions are committed at once, whatever `ackLagMs` says. */
  readonly commitFrames: number;
  /** The most frames that one `receive` brings. */
  readonly receiveFrames: number;
  /** What a late ack does to a frame that somebody else holds by now, where fencing is `best-effort`. */
  readonly lateAck: "ignored" | "removes";
  /** How long a push broker's credit stays open after an answer that did not use it up. */
  readonly lingerMs: number;
  /** So long is what a push broker sends on its way. */
  readonly pushLagMs: number;
  /** Which queues `browse` may look into. */
  readonly browses: "all" | "dead";
  /** Is `depth` exact? */
  readonly exactDepth: boolean;
  /** Frames of one priority come in the order of their sends, give or take so many places. Only where the profile's order is `none`. */
  readonly disorderFrames: number;
  /** Makes disorder the same each time. */
  readonly seed: number;
}

const defaultMechanics: Mechanics = Object.freeze({
  partitions: 3,
  windowOffsets: 16_000,
  idleMs: 5_000,
  commitFrames: 500,
  receiveFrames: 1_000_000,
  lateAck: "ignored",
  lingerMs: 0,
  pushLagMs: 0,
  browses: "all",
  exactDepth: true,
  disorderFrames: 10,
  seed: 1,
});

/** The mechanics with what they leave out. Throws `CONFIG_INVALID`. */
export function resolveMechanics(given: Partial<Mechanics>, base: Partial<Mechanics>): Mechanics {
  checkKnown("mechanics", given, Object.keys(defaultMechanics));
  const all = { ...defaultMechanics, ...base, ...given };
  checkWhole("mechanics.partitions", all.partitions, 1, 1_000);
  checkWhole("mechanics.windowOffsets", all.windowOffsets, 1, 16_000);
  checkWhole("mechanics.idleMs", all.idleMs, 0, 86_400_000);
  checkWhole("mechanics.commitFrames", all.commitFrames, 1, 1_000_000);
  checkWhole("mechanics.receiveFrames", all.receiveFrames, 1, 1_000_000);
  checkWhole("mechanics.lingerMs", all.lingerMs, 0, 86_400_000);
  checkWhole("mechanics.pushLagMs", all.pushLagMs, 0, 60_000);
  checkWhole("mechanics.disorderFrames", all.disorderFrames, 0, 1_000);
  checkWhole("mechanics.seed", all.seed, 0, 0xffffffff);
  return Object.freeze(all);
}

/** What no broker is, or this world cannot be. Throws `CONFIG_INVALID`. */
export function checkFacts(profile: Profile): void {
  const { lease, sharing, verbs, limits } = profile;
  if (sharing !== "partition") return;
  const refused: readonly (readonly [wrong: boolean, what: string])[] = [
    [lease.kind !== "session", `lease ${lease.kind}`],
    [profile.redelivery !== "once", `redelivery ${profile.redelivery}`],
    [profile.sendDelayMs > 0, `sendDelayMs ${profile.sendDelayMs}`],
    [profile.releaseDelayMs > 0, `releaseDelayMs ${profile.releaseDelayMs}`],
    [profile.priorityLevels > 0, `priorityLevels ${profile.priorityLevels}`],
    [profile.dedupeLive || profile.dedupeWindowMs > 0, "dedupe"],
    [verbs.includes("move"), "verbs with move"],
    [limits.inFlight < 1, `limits.inFlight ${limits.inFlight}`],
  ];
  const wrong = refused.filter(([isWrong]) => isWrong).map(([, what]) => what);
  if (wrong.length > 0)
    throw new DispatchError("CONFIG_INVALID", `profile: sharing partition cannot have ${wrong.join(", ")}`);
}
