/** All that can happen next to one task: workers, the broker, the network and the coordinator, each in its turn. */
import type { Rules, World } from "./bounds.ts";
import { expireFrame, grantFrame, takeRenewal, takeSettlement } from "./broker.ts";
import { apply, askRenewal, begin, finish, hearRenewal, hearSettlement, hold, isOverdue, tell } from "./holder.ts";
import { copyOf, type Hold, isFinal, type Message, type TaskState, takesSlot } from "./task-state.ts";

export interface Event {
  readonly label: string;
  /** What it uses up of the bounds of the walk. */
  readonly faults: number;
  readonly releases: number;
  /** On the way to the end: what one healthy worker would do first has the lowest rank; `undefined`: nothing that it would do. */
  readonly rank: number | undefined;
  readonly after: TaskState;
  /** Promises that broke on the way. */
  readonly broken: ReadonlySet<string>;
}

/** While a message is under way that is not late, only its fate and that of its sender are open. */
interface Step extends Event {
  readonly urgent: boolean;
}

type Change = (next: TaskState, broken: Set<string>) => void;

/** A message that is neither lost nor late arrives at once: what other tasks do meanwhile changes nothing for it. So that is one event. */
export function eventsOf(task: TaskState, world: World, rules: Rules, faults: number): Event[] {
  const events: Event[] = [];
  const open: Event[] = stepsOf(task, world, rules);
  for (let event = open.pop(); event !== undefined; event = open.pop()) {
    if (event.faults > faults) continue;
    if (!event.after.messages.some(({ late }) => !late)) events.push(event);
    else for (const next of stepsOf(event.after, world, rules)) if (next.urgent) open.push(joined(event, next));
  }
  return events;
}

function joined(event: Event, next: Event): Event {
  return {
    label: `${event.label}, ${next.label}`,
    faults: event.faults + next.faults,
    releases: event.releases + next.releases,
    rank: next.rank === undefined ? undefined : event.rank,
    after: next.after,
    broken: new Set([...event.broken, ...next.broken]),
  };
}

function stepsOf(task: TaskState, world: World, rules: Rules): Step[] {
  const steps: Step[] = [];
  const forks = world.settling !== "move";
  const add = (
    label: string,
    price: "free" | "fault" | "release",
    rank: number | undefined,
    change: Change,
    urgent = false,
  ) => {
    const after = copyOf(task);
    const broken = new Set<string>();
    change(after, broken);
    steps.push({
      label,
      faults: price === "fault" ? 1 : 0,
      releases: price === "release" ? 1 : 0,
      rank,
      after,
      broken,
      urgent,
    });
  };
  for (const [index, message] of task.messages.entries()) deliver(message, index);
  for (const [index, reply] of task.replies.entries()) {
    const accept: Change = (next) => {
      if (next.outcome !== undefined && world.firstOutcomeOnly) return;
      next.outcome = reply;
      next.accepted += 1;
    };
    add(`the coordinator reads ${reply.outcome}`, "free", 1, (next, broken) => {
      next.replies.splice(index, 1);
      accept(next, broken);
    });
    add(`the coordinator reads ${reply.outcome}, and will read it again`, "fault", undefined, accept);
  }
  for (const [index, held] of task.holds.entries()) worker(held, (next) => next.holds[index] as Hold);
  for (const { id, lease, line } of task.frames) {
    const name = `${line.attempt}~${line.copy}`;
    if (lease === undefined) {
      add(`a worker takes ${name}`, "free", 6, (next) => hold(next, id, grantFrame(next, id, world), world, rules));
      add(`${name} is granted, and the answer lost`, "fault", undefined, (next) => void grantFrame(next, id, world));
    } else if (lease.left === 0) add(`the lease of ${name} expires`, "free", 5, (next) => expireFrame(next, id, world));
  }
  return steps;

  function deliver(message: Message, index: number): void {
    const { kind, grant, late } = message;
    const label = `${kind}${"ok" in message ? (message.ok ? " ok" : " lost") : ""} of grant ${grant}`;
    const held = task.holds.find((one) => one.grant === grant);
    const arrive: Change = (next, broken) => {
      if (kind === "renew") return takeRenewal(next, message, world, broken);
      if (kind === "settle") return takeSettlement(next, message, world, rules, broken);
      const hearer = next.holds.find((one) => one.grant === grant);
      if (hearer === undefined) return;
      if (kind === "renewed") hearRenewal(hearer, message, rules, broken);
      else hearSettlement(next, hearer, message, world, rules, broken);
    };
    const remove = (next: TaskState) => void next.messages.splice(index, 1);
    if (kind === "renew" || kind === "settle" || held?.frozen !== true) {
      add(
        `${label} arrives`,
        "free",
        0,
        (next, broken) => {
          remove(next);
          arrive(next, broken);
        },
        !late,
      );
      add(
        `${label} arrives, and will again`,
        "fault",
        undefined,
        (next, broken) => {
          (next.messages[index] as Message).late = true;
          arrive(next, broken);
        },
        !late,
      );
    }
    add(`${label} is lost`, "fault", undefined, remove, !late);
    if (!late) {
      add(
        `${label} is late`,
        "fault",
        undefined,
        (next) => {
          (next.messages[index] as Message).late = true;
        },
        true,
      );
    }
  }

  function worker(held: Hold, of: (next: TaskState) => Hold): void {
    const { state, grant, handler } = held;
    const who = `grant ${grant}`;
    if (takesSlot(held)) {
      add(
        `the worker of ${who} crashes`,
        "fault",
        undefined,
        (next) => void next.holds.splice(next.holds.indexOf(of(next)), 1),
      );
      if (held.frozen) add(`the worker of ${who} thaws`, "free", 2, (next) => freeze(of(next), false));
      else add(`the worker of ${who} freezes`, "fault", undefined, (next) => freeze(of(next), true), true);
    }
    if (held.frozen) return;
    const end =
      (verdict: Parameters<typeof finish>[2]): Change =>
      (next, broken) =>
        finish(next, of(next), verdict, world, rules, broken);
    if (isOverdue(held))
      add(`${who} notices its end`, "free", 3, (next, broken) => void apply(of(next), "tick", 0, rules, broken));
    if (handler) {
      add(`the handler of ${who} completes`, "free", 4, end("completed"));
      if (!isFinal(state)) add(`the handler of ${who} fails`, "free", undefined, end("failed"));
      if (!isFinal(state)) add(`the worker of ${who} stops its handler`, "release", undefined, end("shutdown"));
    }
    if (state.at === "held") {
      if (rules.admit(held.line, held.line.lost) === "dead")
        add(`${who} was lost too often`, "free", 4, end("lost-too-often"));
      else add(`${who} begins`, "free", 4, (next, broken) => begin(next, of(next), rules, broken, forks));
      add(`${who} is given back`, "release", undefined, end("given-back"));
    }
    const under = task.messages.filter((message) => message.grant === grant && !message.late);
    if (
      state.at === "settling" &&
      !isOverdue(held) &&
      under.every(({ kind }) => kind !== "settle" && kind !== "settled")
    ) {
      add(`${who} settles again`, "free", 4, (next) => tell(next, of(next), held.part ?? "move"));
    }
    if (wantsRenewal(held, task, world))
      add(`${who} asks for a renewal`, "free", 7, (next) => askRenewal(next, of(next), world));
  }
}

function freeze(held: Hold, frozen: boolean): void {
  held.frozen = frozen;
}

/** The keeper renews what is held or running, once at a time, and when some of the lease is gone. */
function wantsRenewal({ state, grant }: Hold, task: TaskState, world: World): boolean {
  if (state.at !== "held" && state.at !== "running") return false;
  if (state.deadline <= 0 || state.deadline >= world.lease - world.margin) return false;
  return task.messages.every(
    (one) => one.grant !== grant || one.late || (one.kind !== "renew" && one.kind !== "renewed"),
  );
}

/**
 * A unit of time goes by; `undefined` while somebody healthy has something to do first: notice an end, or ask for a renewal in time.
 * Who is frozen, and a message that is late, hold nothing up.
 */
export function elapse(task: TaskState, world: World): TaskState | undefined {
  for (const held of task.holds) {
    if (held.frozen || isFinal(held.state)) continue;
    if (isOverdue(held)) return undefined;
    if ("deadline" in held.state && held.state.deadline === 1 && wantsRenewal(held, task, world)) return undefined;
  }
  const next = copyOf(task);
  for (const { lease } of next.frames) if (lease !== undefined) lease.left = Math.max(0, lease.left - 1);
  for (const held of next.holds) {
    if ("deadline" in held.state) held.state = { ...held.state, deadline: Math.max(0, held.state.deadline - 1) };
  }
  for (const message of next.messages) if ("left" in message) message.left = Math.max(0, message.left - 1);
  return next;
}
