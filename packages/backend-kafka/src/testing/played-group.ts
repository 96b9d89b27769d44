import type { Clock, Timer } from "@org/dispatch-core/contract";
import type { Assignments, Claim, Commit, Joined, Share, Standing } from "../port.ts";

/** An error as a broker's client has it. */
export function refused(type: string): Error {
  return Object.assign(new Error(type), { type });
}

interface Member {
  readonly id: string;
  claim: Claim;
  sessionMs: number;
  /** Who waits for the end of the join. */
  joining: PromiseWithResolvers<Joined> | undefined;
  syncing: PromiseWithResolvers<void> | undefined;
  session: Timer | undefined;
}

/** The coordinator's side of a group, by the classic protocol. */
export class PlayedGroup {
  readonly committed = new Map<string, Commit>();
  readonly #clock: Clock;
  readonly #members = new Map<string, Member>();
  #generation = 0;
  #state: "stable" | "preparing" | "completing" = "stable";
  #assignments: Assignments = new Map();
  /** What the leader has told beside them, by member. */
  told: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  #rebalance: Timer | undefined;
  #ids = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get members(): readonly string[] {
    return [...this.#members.keys()];
  }

  join({
    id,
    sessionMs,
    claim,
  }: {
    readonly id: string;
    readonly sessionMs: number;
    readonly claim: Claim;
  }): Promise<Joined> {
    if (id !== "" && !this.#members.has(id)) throw refused("UNKNOWN_MEMBER_ID");
    this.#ids += 1;
    const member = this.#members.get(id) ?? {
      id: `member-${this.#ids}`,
      claim,
      sessionMs,
      joining: undefined,
      syncing: undefined,
      session: undefined,
    };
    this.#members.set(member.id, member);
    Object.assign(member, { claim, sessionMs, joining: Promise.withResolvers<Joined>() });
    const { joining } = member;
    this.#lives(member);
    this.#prepare();
    this.#complete();
    return (joining as PromiseWithResolvers<Joined>).promise;
  }

  async sync(
    as: Standing,
    assignments: Assignments,
    told: ReadonlyMap<string, ReadonlySet<string>>,
  ): Promise<{ readonly share: Share; readonly members: ReadonlySet<string> }> {
    const member = this.#of(as);
    if (this.#state === "preparing") throw refused("REBALANCE_IN_PROGRESS");
    if (assignments.size > 0) {
      this.#assignments = assignments;
      this.told = told;
      this.#state = "stable";
      for (const other of this.#members.values()) other.syncing?.resolve();
    } else if (this.#state === "completing") {
      member.syncing = Promise.withResolvers<void>();
      await member.syncing.promise;
    }
    this.#lives(member);
    return { share: this.#assignments.get(as.memberId) ?? new Map(), members: new Set(this.told.get(as.memberId)) };
  }

  beat(as: Standing): void {
    this.#lives(this.#of(as));
    if (this.#state === "preparing") throw refused("REBALANCE_IN_PROGRESS");
  }

  /** May it write? The broker does not ask whose the partition is. */
  check(as: Standing | undefined): void {
    if (as === undefined) {
      if (this.#members.size > 0) throw refused("UNKNOWN_MEMBER_ID");
      return;
    }
    this.#lives(this.#of(as));
    if (this.#state === "completing") throw refused("REBALANCE_IN_PROGRESS");
  }

  leave(id: string): void {
    const member = this.#members.get(id);
    if (member === undefined) throw refused("UNKNOWN_MEMBER_ID");
    this.#remove(member);
  }

  #of({ memberId, generation }: Standing): Member {
    const member = this.#members.get(memberId);
    if (member === undefined) throw refused("UNKNOWN_MEMBER_ID");
    if (generation !== this.#generation) throw refused("ILLEGAL_GENERATION");
    return member;
  }

  #lives(member: Member): void {
    member.session?.cancel();
    member.session = this.#clock.after(member.sessionMs, () => {
      // Who waits for the others is alive.
      if (member.joining === undefined) this.#remove(member);
    });
  }

  #remove(member: Member): void {
    member.session?.cancel();
    member.syncing?.reject(refused("UNKNOWN_MEMBER_ID"));
    if (!this.#members.delete(member.id)) return;
    if (this.#members.size === 0) this.#state = "stable";
    else {
      this.#prepare();
      this.#complete();
    }
  }

  #prepare(): void {
    if (this.#state === "preparing") return;
    this.#state = "preparing";
    for (const { syncing } of this.#members.values()) syncing?.reject(refused("REBALANCE_IN_PROGRESS"));
    const mostMs = Math.max(...[...this.#members.values()].map(({ sessionMs }) => sessionMs));
    this.#rebalance = this.#clock.after(mostMs, () => {
      for (const member of [...this.#members.values()]) {
        if (member.joining !== undefined) continue;
        member.session?.cancel();
        this.#members.delete(member.id);
      }
      this.#complete();
    });
  }

  #complete(): void {
    const all = [...this.#members.values()];
    if (this.#state !== "preparing" || all.some(({ joining }) => joining === undefined)) return;
    this.#rebalance?.cancel();
    this.#generation += 1;
    this.#state = "completing";
    this.#assignments = new Map();
    const members = all.map(({ id, claim }) => ({ id, claim }));
    all.forEach((member, at) => {
      member.joining?.resolve({ memberId: member.id, generation: this.#generation, members: at === 0 ? members : [] });
      member.joining = undefined;
      member.syncing = undefined;
      this.#lives(member);
    });
  }
}
