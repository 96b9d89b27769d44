/** The broker of the walk: what it does with a request that has arrived. Changes the task in place. */
import type { Rules, World } from "./bounds.ts";
import type { Message, Order, TaskState } from "./task-state.ts";

type Request<K> = Extract<Message, { kind: K }>;

/** Hands the frame out. Gives the number of the grant. */
export function grantFrame(task: TaskState, frameId: number, world: World): number {
  const frame = task.frames.find(({ id }) => id === frameId);
  if (frame === undefined) throw new TypeError("no such frame");
  const used = [
    ...task.frames.map(({ lease }) => lease?.grant),
    ...[...task.holds, ...task.messages].map(({ grant }) => grant),
  ];
  const grant = 1 + Math.max(-1, ...used.map((one) => one ?? -1));
  frame.lease = { grant, left: world.lease };
  return grant;
}

/** A lease has run out: the frame is ready again. */
export function expireFrame(task: TaskState, frameId: number, world: World): void {
  const frame = task.frames.find(({ id }) => id === frameId);
  if (frame === undefined) return;
  frame.lease = undefined;
  if (world.countsLosses) frame.redelivery += 1;
  task.history.losses += 1;
}

export function takeRenewal(task: TaskState, request: Request<"renew">, world: World, broken: Set<string>): void {
  const frame = task.frames.find(({ lease }) => lease?.grant === request.grant);
  if (frame?.lease !== undefined) {
    const before = frame.lease.left;
    frame.lease.left = world.renewalNeverShortens ? Math.max(before, world.lease) : Math.min(1, world.lease);
    if (frame.lease.left < before) broken.add("I7: a renewal has shortened a lease at the broker");
  }
  const { grant, left, late } = request;
  task.messages.push({ kind: "renewed", grant, ok: frame !== undefined, left, late });
}

export function takeSettlement(
  task: TaskState,
  request: Request<"settle">,
  world: World,
  rules: Rules,
  broken: Set<string>,
): void {
  const { grant, order, part, late } = request;
  const current = task.frames.find(({ lease }) => lease?.grant === grant);
  const before = booksOf(task);
  let ok = true;
  if (part === "send") bring(task, order, rules, broken);
  else if (current !== undefined) {
    if (order.decision.kind === "release") current.lease = undefined;
    else task.frames.splice(task.frames.indexOf(current), 1);
    if (part === "move") bring(task, order, rules, broken);
  } else if (world.fence === true) ok = false;
  else if (
    world.fence === "worker" &&
    task.frames.every(({ id, lease }) => id !== request.frame || lease === undefined)
  )
    ok = false;
  else {
    const other = task.frames.findIndex(({ id }) => id === request.frame);
    if (other >= 0) task.frames.splice(other, 1);
    if (part === "move") bring(task, order, rules, broken);
  }
  if (current === undefined && part !== "send" && booksOf(task) !== before) {
    const again = task.holds.some((hold) => hold.grant === grant && hold.state.at === "settled");
    broken.add(again ? "I11: settling twice had an effect" : "I4: a stale settlement has changed something");
  }
  task.messages.push({ kind: "settled", grant, ok, part, late });
}

/** The frames that a settlement sends: the next of the line, or the result. */
function bring(task: TaskState, { decision, line, verdict }: Order, rules: Rules, broken: Set<string>): void {
  const { history } = task;
  if (verdict === "failed") history.failures += 1;
  if (decision.kind === "copy") {
    const next = { id: 1 + Math.max(-1, ...idsOf(task)), line: decision.line, redelivery: 0, lease: undefined };
    task.frames.push(next);
    const [token, after] = [rules.fence(line, line.lost), rules.fence(next.line, next.line.lost)];
    if (after <= token) broken.add("I5: the fencing token does not rise along a line of copies");
  } else if (decision.kind === "end") {
    const reply = { outcome: decision.outcome, line };
    task.replies.push(reply);
    history.ends = Math.min(2, history.ends + 1);
    history.end ??= reply;
  }
}

function idsOf(task: TaskState): number[] {
  const told = task.messages.map((message) => (message.kind === "settle" ? message.frame : -1));
  return [...task.frames.map(({ id }) => id), ...task.holds.map(({ frame }) => frame), ...told];
}

/** What is not to change by a settlement that is refused. */
function booksOf({ frames, replies, history }: TaskState): string {
  return JSON.stringify([frames, replies, history]);
}
