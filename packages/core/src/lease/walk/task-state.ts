/**
 * One task of the walk, with all that belongs to it: its frames at the broker, the grants that workers hold of them, the messages between the two, its
 * results on their way, and what the coordinator has taken. Times are whole units from now, never below 0, which is "over".
 *
 * Grants and frames are numbered as they come, and renumbered by rank, so that two states that differ in nothing but old numbers are one.
 */
import type { LeaseState } from "../machine.ts";

/** The counters of a frame; the round is always 0 here. */
export interface Line {
  readonly attempt: number;
  readonly copy: number;
  readonly lost: number;
}

export interface Frame {
  id: number;
  readonly line: Line;
  /** Expiries that the broker has counted on this very frame. */
  redelivery: number;
  /** The grant that counts now, and how long it lasts yet; absent: ready. */
  lease: { readonly grant: number; left: number } | undefined;
}

export type VerdictKind = "completed" | "failed" | "shutdown" | "given-back" | "lost-too-often";

export type Decision =
  | { readonly kind: "release" }
  | { readonly kind: "copy"; readonly line: Line }
  | { readonly kind: "end"; readonly outcome: "completed" | "dead"; readonly attempts: number };

/** What a worker tells the broker: all in one step, or the two halves of it. */
export type Part = "move" | "send" | "ack";

/** A settlement as a worker has decided it. `line`: the frame's counters, with `lost` as its holder sums it up. */
export interface Order {
  readonly verdict: VerdictKind;
  readonly decision: Decision;
  readonly line: Line;
}

/** A grant at its holder: a worker's slot. */
export interface Hold {
  grant: number;
  frame: number;
  /** As above. */
  readonly line: Line;
  state: LeaseState;
  /** Its process does nothing at all, while time goes on. */
  frozen: boolean;
  /** A handler is at work, wanted or not. */
  handler: boolean;
  /** The handler was told that the lease is lost. */
  aborted: boolean;
  order: Order | undefined;
  part: Part | undefined;
}

/** Between a holder and the broker. `late` ones may take any time; the others arrive before time goes on. */
export type Message = { grant: number; late: boolean } & (
  | { readonly kind: "renew"; left: number }
  | { readonly kind: "renewed"; readonly ok: boolean; left: number }
  | { readonly kind: "settle"; frame: number; readonly order: Order; readonly part: Part }
  | { readonly kind: "settled"; readonly ok: boolean; readonly part: Part }
);

/** A result, on the reply queue or accepted. */
export interface Reply {
  readonly outcome: "completed" | "dead";
  readonly line: Line;
}

export interface TaskState {
  frames: Frame[];
  holds: Hold[];
  messages: Message[];
  replies: Reply[];
  /** The first terminal outcome that the coordinator saw, and how many it has accepted. */
  outcome: Reply | undefined;
  accepted: number;
  /** What really happened, to compare the counters with. */
  history: {
    failures: number;
    losses: number;
    /** Ends that the broker took, at most 2, and the first of them. */
    ends: number;
    end: Reply | undefined;
    /** The highest fencing token that a handler was run with; -1: none. */
    token: number;
  };
}

const NO_LINE: Line = { attempt: 0, copy: 0, lost: 0 };
const STALE: Order = { verdict: "given-back", decision: { kind: "release" }, line: NO_LINE };

/** A task that was just sent. */
export function sent(): TaskState {
  return {
    frames: [{ id: 0, line: NO_LINE, redelivery: 0, lease: undefined }],
    holds: [],
    messages: [],
    replies: [],
    outcome: undefined,
    accepted: 0,
    history: { failures: 0, losses: 0, ends: 0, end: undefined, token: -1 },
  };
}

/** A task whose end is long known. */
export function over(): TaskState {
  const end = { outcome: "completed", line: NO_LINE } as const;
  return { ...sent(), frames: [], outcome: end, accepted: 1, history: { ...sent().history, ends: 1, end } };
}

/** A copy to change; what is never changed is shared. */
export function copyOf(task: TaskState): TaskState {
  return {
    frames: task.frames.map((frame) => ({ ...frame, lease: frame.lease && { ...frame.lease } })),
    holds: task.holds.map((hold) => ({ ...hold })),
    messages: task.messages.map((message) => ({ ...message })),
    replies: [...task.replies],
    outcome: task.outcome,
    accepted: task.accepted,
    history: { ...task.history },
  };
}

/** No event but those of its own past can change the lease any more. */
export function isFinal(state: LeaseState): boolean {
  return state.at === "lost" || state.at === "settled";
}

/** Does it take its worker's slot? */
export function takesSlot(hold: Hold): boolean {
  return hold.handler || !isFinal(hold.state);
}

/** Everything of the task is over. */
export function isDone(task: TaskState): boolean {
  return (
    task.outcome !== undefined &&
    task.frames.length + task.holds.length + task.messages.length + task.replies.length === 0
  );
}

/** Brings a state into its one form, in place, and gives its key. `fenced`: the broker refuses what is stale, whatever it says. */
export function canonical(task: TaskState, fenced: boolean, token: (line: Line) => number): string {
  forget(task, fenced);
  forgetToken(task, token);
  renumber(task);
  task.frames.sort((one, other) => one.id - other.id);
  task.holds.sort((one, other) => one.grant - other.grant);
  sortByText(task.messages);
  sortByText(task.replies);
  return JSON.stringify(task);
}

/** Drops what can make no difference any more, so that states that differ in nothing else are one. */
function forget(task: TaskState, fenced: boolean): void {
  const current = (grant: number) => task.frames.some(({ lease }) => lease?.grant === grant);
  task.holds = task.holds.filter(takesSlot);
  const holder = (grant: number) => task.holds.find((hold) => hold.grant === grant);
  // An answer is for its holder alone, and so is one to a renewal that comes too late.
  task.messages = task.messages.filter(
    ({ kind, grant }) => kind === "settle" || holder(grant) !== undefined || (kind === "renew" && current(grant)),
  );
  for (const message of task.messages) {
    if (message.kind !== "settle" || message.part === "send" || !fenced || current(message.grant)) continue;
    Object.assign(message, { frame: 0, order: STALE });
  }
  // Nobody counts on it: when it ends may be now or later, which is what 0 says.
  for (const { lease } of task.frames) {
    const held = lease && holder(lease.grant);
    if (lease !== undefined && (held === undefined || isFinal(held.state))) lease.left = 0;
  }
  if (!isDone(task)) return;
  const outcome = { outcome: (task.outcome as Reply).outcome, line: NO_LINE };
  task.outcome = outcome;
  task.history = { failures: 0, losses: 0, ends: 1, end: outcome, token: -1 };
}

/** A token that is below all that can still be given proves nothing any more. */
function forgetToken({ frames, holds, history }: TaskState, token: (line: Line) => number): void {
  const stale = holds.some(
    ({ grant, state }) => state.at === "held" && !frames.some(({ lease }) => lease?.grant === grant),
  );
  if (stale) return;
  const next = frames.map(({ line, redelivery }) => token({ ...line, lost: line.lost + redelivery }));
  if (next.every((one) => one > history.token)) history.token = -1;
}

function renumber(task: TaskState): void {
  const grants = new Set<number>();
  const frames = new Set<number>();
  for (const { id, lease } of task.frames) {
    frames.add(id);
    if (lease !== undefined) grants.add(lease.grant);
  }
  for (const { grant, frame } of task.holds) {
    grants.add(grant);
    frames.add(frame);
  }
  for (const message of task.messages) {
    grants.add(message.grant);
    if (message.kind === "settle") frames.add(message.frame);
  }
  const grantRank = ranks(grants);
  const frameRank = ranks(frames);
  for (const frame of task.frames) {
    frame.id = frameRank(frame.id);
    if (frame.lease !== undefined) frame.lease = { ...frame.lease, grant: grantRank(frame.lease.grant) };
  }
  for (const hold of task.holds) {
    hold.grant = grantRank(hold.grant);
    hold.frame = frameRank(hold.frame);
  }
  for (const message of task.messages) {
    message.grant = grantRank(message.grant);
    if (message.kind === "settle") message.frame = frameRank(message.frame);
  }
}

function ranks(numbers: ReadonlySet<number>): (number: number) => number {
  const sorted = [...numbers].sort((one, other) => one - other);
  return (number) => sorted.indexOf(number);
}

function sortByText<T>(items: T[]): void {
  if (items.length < 2) return;
  const texts = new Map(items.map((item) => [item, JSON.stringify(item)]));
  items.sort((one, other) => ((texts.get(one) as string) < (texts.get(other) as string) ? -1 : 1));
}
