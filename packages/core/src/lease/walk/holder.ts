/** The worker of the walk: each of its grants goes through the real machine. Changes the task in place. */
import type { LeaseOn } from "../machine.ts";
import type { Rules, World } from "./bounds.ts";
import { type Hold, isFinal, type Message, type Part, type TaskState, type VerdictKind } from "./task-state.ts";

/** The holder's clock: deadlines count from now. */
const now = 0;

/** Puts an event through the machine, as the keeper does. Answers whether the holder may go on: run, or write. */
export function apply(hold: Hold, on: LeaseOn, time: number, rules: Rules, broken: Set<string>): boolean {
  const before = hold.state;
  const [state, effects] = rules.step(before, on, time);
  hold.state = state;
  if (effects.includes("abort")) hold.aborted = true;
  if (isFinal(before) && (state !== before || effects.length > 0)) broken.add("I4: a lease that was over came back");
  if (effects.includes("write") && hold.aborted) broken.add("I4: what an aborted handler returned is written");
  if ("deadline" in before && "deadline" in state && state.deadline < before.deadline) {
    broken.add("I7: a renewal has shortened a lease at its holder");
  }
  return effects.includes("run") || effects.includes("write");
}

/** A grant has arrived. */
export function hold(task: TaskState, frameId: number, grant: number, world: World, rules: Rules): void {
  const frame = task.frames.find(({ id }) => id === frameId);
  if (frame === undefined) throw new TypeError("no such frame");
  const line = { ...frame.line, lost: frame.line.lost + frame.redelivery };
  const state = rules.granted(world.lease - world.margin);
  const quiet = { frozen: false, handler: false, aborted: false, order: undefined, part: undefined };
  task.holds.push({ grant, frame: frameId, line, state, ...quiet });
}

export function begin(task: TaskState, held: Hold, rules: Rules, broken: Set<string>, forks: boolean): void {
  if (!apply(held, "begin", now, rules, broken)) return;
  held.handler = true;
  const token = rules.fence(held.line, held.line.lost);
  if (!forks && token <= task.history.token) broken.add("I5: two runs of a handler share a fencing token, or it fell");
  task.history.token = Math.max(task.history.token, token);
}

/** There is a verdict: no lease, no write. A handler whose lease is lost has returned for nothing. */
export function finish(
  task: TaskState,
  held: Hold,
  verdict: VerdictKind,
  world: World,
  rules: Rules,
  broken: Set<string>,
): void {
  held.handler = false;
  if (!apply(held, "settle", now, rules, broken)) return;
  const { line } = held;
  const decision = rules.decide(verdict, line, line.lost);
  held.order = { verdict, decision, line };
  const bare = decision.kind === "release";
  tell(task, held, world.settling === "move" ? "move" : bare || world.settling === "ack-send" ? "ack" : "send");
}

/** Sends the settlement, or its half, for the first time or again. */
export function tell(task: TaskState, held: Hold, part: Part): void {
  const { grant, frame, order } = held;
  if (order === undefined) throw new TypeError("nothing is decided");
  held.part = part;
  task.messages.push({ kind: "settle", grant, late: false, frame, order, part });
}

export function askRenewal(task: TaskState, { grant }: Hold, world: World): void {
  task.messages.push({ kind: "renew", grant, late: false, left: world.lease - world.margin });
}

export function hearRenewal(
  held: Hold,
  { ok, left }: Extract<Message, { kind: "renewed" }>,
  rules: Rules,
  broken: Set<string>,
): void {
  apply(held, ok ? "renewed" : "refused", left, rules, broken);
}

export function hearSettlement(
  task: TaskState,
  held: Hold,
  { ok, part }: Extract<Message, { kind: "settled" }>,
  world: World,
  rules: Rules,
  broken: Set<string>,
): void {
  const bare = held.order?.decision.kind === "release";
  const last = part === "move" || bare || (part === "ack") === (world.settling === "send-ack");
  if (!ok) apply(held, "refused", now, rules, broken);
  else if (last) apply(held, "settled", now, rules, broken);
  else if (held.state.at === "settling" && held.state.deadline > now && held.part === part) {
    tell(task, held, part === "send" ? "ack" : "send");
  }
}

/** Would the machine let it write now? */
export function mayWrite({ state }: Hold, rules: Rules): boolean {
  return state.at === "settling" ? state.deadline > now : rules.step(state, "settle", now)[1].includes("write");
}

/** Has its end come without its noticing? */
export function isOverdue({ state }: Hold): boolean {
  return "deadline" in state && state.deadline <= now;
}
