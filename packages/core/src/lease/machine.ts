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

export type LeaseEvent =
  | { readonly on: "begin" | "tick" | "prove" | "settle"; readonly now: number }
  | { readonly on: "renewed"; readonly deadline: number }
  /** The broker says that somebody else holds it, or nobody. */
  | { readonly on: "refused" }
  | { readonly on: "settled" };

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
const FENCED: LeaseState = Object.freeze({ at: "lost", why: "fenced" });

type Alive = Extract<LeaseState, { readonly deadline: number }>;

/** The state that each phase had last. A state is a value, and the grants of one receive have the same deadline: so most have the same object. */
const recent: { [K in Alive["at"]]: Alive } = {
  held: { at: "held", deadline: 0 },
  running: { at: "running", deadline: 0 },
  settling: { at: "settling", deadline: 0 },
};

function alive(at: Alive["at"], deadline: number): Alive {
  if (recent[at].deadline !== deadline) recent[at] = { at, deadline };
  return recent[at];
}

/** The state of a grant that was just received. */
export function granted(deadline: number): LeaseState {
  return alive("held", deadline);
}

/** Is it ours as far as we know, so that it wants renewing? */
export function wantsRenewal(state: LeaseState): boolean {
  return state.at === "held" || state.at === "running";
}

export function step(state: LeaseState, event: LeaseEvent): LeaseStep {
  if (state.at === "settled" || state.at === "lost") return [state, NOTHING];
  const losing = state.at === "running" ? ABORT : FORGET;
  switch (event.on) {
    case "renewed":
      return event.deadline > state.deadline ? [alive(state.at, event.deadline), NOTHING] : [state, NOTHING];
    case "refused":
      return [FENCED, losing];
    case "settled":
      return state.at === "settling" ? [SETTLED, FORGET] : [state, NOTHING];
    case "begin":
      if (event.now >= state.deadline) return [EXPIRED, losing];
      if (state.at === "settling") return [state, NOTHING];
      return [alive("running", state.deadline), RUN];
    case "prove":
      if (state.at === "settling") return [state, NOTHING];
      return event.now >= state.deadline ? [EXPIRED, losing] : [state, WRITE];
    case "settle":
      if (state.at === "settling") return [state, NOTHING];
      if (event.now >= state.deadline) return [EXPIRED, losing];
      return [alive("settling", state.deadline), WRITE];
    case "tick":
      return event.now >= state.deadline ? [EXPIRED, losing] : [state, NOTHING];
  }
}
