import type { Clock, Code, DispatchEvent } from "@org/dispatch-core/contract";
import { Buckets, CALL_BOUNDS } from "./buckets.ts";
import { reasonOf } from "./label-names.ts";

/** What says that the broker was not reached, or does not let this process work. Whatever else it answers is an answer. */
const AWAY: ReadonlySet<string> = new Set<Code>(["UNAVAILABLE", "TIMED_OUT", "DENIED", "MISSING", "MISMATCH"]);
/** Says nothing of the broker: it was not asked, or only told to slow down. */
const UNSAID: ReadonlySet<string> = new Set<Code>(["CLOSED", "THROTTLED"]);

/** How a verb fared of late. What came later is told by a count, since much happens within one ms. */
interface Contact {
  okTurn: number;
  failedTurn: number;
  /** Wall-clock ms. */
  failedAt: number;
  code: string;
}

/** The calls of a backend: how long they took, by verb and code, and when it was last reached. */
export class Contacts {
  readonly #clock: Pick<Clock, "wall">;
  readonly #verbs = new Map<string, Contact>();
  readonly #durations = new Map<string, Map<string, Buckets>>();
  /** Wall-clock ms of the last answer of the broker; 0: none yet. */
  roundTripAt = 0;
  /** As that, but also by a receive that brought nothing, which a broker that pushes need not have noticed. */
  heardAt = 0;
  /** Was what was answered last a failure? */
  isAway = false;
  #turn = 0;

  constructor(clock: Pick<Clock, "wall">) {
    this.#clock = clock;
  }

  called({ verb, brought, durationMs, code }: Extract<DispatchEvent, { event: "call" }>): void {
    this.#durationsOf(verb, reasonOf(code)).observe(durationMs / 1_000);
    const at = this.#clock.wall();
    this.#turn += 1;
    const contact = this.#contactOf(verb);
    if (code !== undefined && AWAY.has(code)) {
      // Where looking means taking, a broker refuses to let core look: that is an answer, too.
      if (verb === "browse" && code === "MISMATCH") return;
      contact.failedAt = at;
      contact.failedTurn = this.#turn;
      contact.code = code;
      this.isAway = true;
      return;
    }
    if (code !== undefined && UNSAID.has(code)) return;
    contact.okTurn = this.#turn;
    this.isAway = false;
    this.heardAt = at;
    if (brought !== 0) this.roundTripAt = at;
  }

  /** Verbs whose last call failed, with what, and when in wall-clock ms. */
  *failing(): Generator<readonly [verb: string, code: string, at: number]> {
    for (const [verb, { okTurn, failedTurn, failedAt, code }] of this.#verbs)
      if (failedTurn > okTurn) yield [verb, code, failedAt];
  }

  *durations(): Generator<readonly [verb: string, reason: string, buckets: Buckets]> {
    for (const [verb, reasons] of this.#durations)
      for (const [reason, buckets] of reasons) yield [verb, reason, buckets];
  }

  #contactOf(verb: string): Contact {
    let contact = this.#verbs.get(verb);
    if (contact === undefined) {
      contact = { okTurn: 0, failedTurn: 0, failedAt: 0, code: "" };
      this.#verbs.set(verb, contact);
    }
    return contact;
  }

  #durationsOf(verb: string, reason: string): Buckets {
    let reasons = this.#durations.get(verb);
    if (reasons === undefined) {
      reasons = new Map();
      this.#durations.set(verb, reasons);
    }
    let buckets = reasons.get(reason);
    if (buckets === undefined) {
      buckets = new Buckets(CALL_BOUNDS);
      reasons.set(reason, buckets);
    }
    return buckets;
  }
}
