/**
 * The life of one grant at its holder, as a pure reducer: no clock, no I/O. Times are the holder's own monotonic ms; `deadline` already has the safety
 * margin taken off, and counts from before the request that brought it.
 *
 * | state    | begin        | renewed  | refused     | tick, late  | prove, in time | prove, late | settle, in time | settle, late | settled |
 * |----------|--------------|----------|-------------|-------------|----------------|-------------|-----------------|--------------|---------|
 * | held     | running, run | held     | lost        | lost        | held, write    | lost        | settling, write | lost         | held    |
 * | running  | running, run | running  | lost, abort | lost, abort | running, write | lost, abort | settling, write | lost, abort  | running |
 * | settling | settling     | settling | lost        | lost        | settling       | settling    | settling        | settling     | settled |
 * | settled  | no event changes it                                                                                             |
 * | lost     | no event changes it: a late answer revives nothing                                                              |
 *
 * A late `begin` is a late tick; in `running` it is the next task of a pack that begins. One task of a pack is written by `prove`: as `settle`, but the
 * state stays, since the lease goes on for the others. Renewals are asked for in `held` and `running` only, so a renewal is over before its frame is settled; the answer of one
 * that was under way is taken only if it does not shorten the lease. Every way out of the first three states tells the keeper to `forget`.
 */
export type LeaseState =
  | { readonly at: "held" | "running" | "settling"; readonly deadline: number }
  | { readonly at: "settled" }
  | { readonly at: "lost"; readonly why: "expired" | "fenced" };

/** `refused`: the broker says that somebody else holds it, or nobody. */
export type LeaseOn = "begin" | "tick" | "prove" | "settle" | "renewed" | "refused" | "settled";

/** `run` the handler · `write` the settlement, by the deadline · `abort` the handler with LEASE_LOST · `forget` the grant. */
export type LeaseEffect = "run" | "write" | "abort" | "forget";

export type LeaseStep = readonly [state: LeaseState, effects: readonly LeaseEffect[]];

const NOTHING: readonly LeaseEffect[] = Object.freeze([]);
const RUN: readonly LeaseEffect[] = Object.freeze(["run"]);
const WRITE: readonly LeaseEffect[] = Object.freeze(["write"]);
const FORGET: readonly LeaseEffect[] = Object.freeze(["forget"]);
const ABORT: readonly LeaseEffect[] = Object.freeze(["abort", "forget"]);
const SETTLED: LeaseState = Object.freeze({ at: "settled" });
const EXPIRED: LeaseState = Object.freeze({ at: "lost", why: "expired" });
const DONE: LeaseStep = Object.freeze([SETTLED, FORGET] as const);
const FENCED: LeaseState = Object.freeze({ at: "lost", why: "fenced" });

type Alive = Extract<LeaseState, { readonly deadline: number }>;

/**
 * The steps that were made last, by what they lead to. States and steps are values, and the grants of one receive have the same deadline: so most tasks
 * have the same objects, and cost none.
 */
const recent: { [K in Alive["at"] | "proven"]: readonly [state: Alive, effects: readonly LeaseEffect[]] } = {
  held: [{ at: "held", deadline: 0 }, NOTHING],
  running: [{ at: "running", deadline: 0 }, RUN],
  settling: [{ at: "settling", deadline: 0 }, WRITE],
  proven: [{ at: "held", deadline: 0 }, WRITE],
};

function leadTo(at: Alive["at"], deadline: number): LeaseStep {
  const [state, effects] = recent[at];
  if (state.deadline !== deadline) recent[at] = [{ at, deadline }, effects];
  return recent[at];
}

function proven(state: Alive): LeaseStep {
  if (recent.proven[0] !== state) recent.proven = [state, WRITE];
  return recent.proven;
}

/** The state of a grant that was just received. */
export function granted(deadline: number): LeaseState {
  return leadTo("held", deadline)[0];
}

/** Is it ours as far as we know, so that it wants renewing? */
export function wantsRenewal(state: LeaseState): boolean {
  return state.at === "held" || state.at === "running";
}

/** What an event does. `time`: now, or of `renewed` the new deadline; of `refused` and `settled` it says nothing. */
export function step(state: LeaseState, on: LeaseOn, time: number): LeaseStep {
  if (state.at === "settled" || state.at === "lost") return [state, NOTHING];
  const { at, deadline } = state;
  const losing = at === "running" ? ABORT : FORGET;
  switch (on) {
    case "renewed":
      return [time > deadline ? { at, deadline: time } : state, NOTHING];
    case "refused":
      return [FENCED, losing];
    case "settled":
      return at === "settling" ? DONE : [state, NOTHING];
    case "begin":
      if (time >= deadline) return [EXPIRED, losing];
      return at === "settling" ? [state, NOTHING] : leadTo("running", deadline);
    case "prove":
      if (at === "settling") return [state, NOTHING];
      return time >= deadline ? [EXPIRED, losing] : proven(state);
    case "settle":
      if (at === "settling") return [state, NOTHING];
      return time >= deadline ? [EXPIRED, losing] : leadTo("settling", deadline);
    case "tick":
      return time >= deadline ? [EXPIRED, losing] : [state, NOTHING];
  }
}
