import { reconnectMs } from "@org/dispatch-core/adapter-kit";
import type { Clock, Timer } from "@org/dispatch-core/contract";
import { assignPartitions } from "./assignment.ts";
import { endOf } from "./ending.ts";
import { markersOf } from "./markers.ts";
import type { Holder, Membership } from "./membership.ts";
import { placesOf } from "./places.ts";
import type { LogLink, Meaning } from "./port.ts";

/** Of a session: so often is the broker told that this process lives, and so late does it hear of a change. */
const BEATS_PER_SESSION = 8;
const MOST_BEAT_MS = 1_000;

export interface GroupMembershipPort {
  readonly link: LogLink;
  readonly group: string;
  readonly clock: Clock;
  readonly sessionMs: number;
  readonly holder: Holder;
  meaning(error: unknown): Meaning;
}

/** Somebody who wants to know whether this is a member still. */
interface Asking {
  readonly resolve: (isMember: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A member of a consumer group, by the classic protocol: joins, is given partitions or gives them out, beats, and joins anew when the group changes.
 *
 * | the broker says | then |
 * |---|---|
 * | all is well | beat again |
 * | rebalancing | write what is done, join again under the same id, keep what is given again |
 * | evicted | all is lost; join under a new id |
 * | nothing | what it has stays; ask again, with back-off: after an outage the group may be as it was |
 */
export class GroupMembership implements Membership {
  readonly #port: GroupMembershipPort;
  /** Every id that this process had. */
  readonly #own = new Set<string>();
  #topics: ReadonlySet<string> = new Set();
  #joinedFor: ReadonlySet<string> = new Set();
  #memberId = "";
  #generation = 0;
  /** When the broker said last that this is a member. */
  #heardAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #hasEnded = false;
  #isJoining = false;
  /** What is waited for between two beats. */
  #pause: { readonly timer: Timer; readonly end: () => void } | undefined;
  #asking: Asking[] = [];

  constructor(port: GroupMembershipPort) {
    this.#port = port;
  }

  subscribe(topics: ReadonlySet<string>): void {
    this.#topics = topics;
    if (this.#hasEnded) return;
    if (this.#running !== undefined) this.#pause?.end();
    else if (topics.size > 0) this.#start();
  }

  doubt(): void {
    this.#pause?.end();
  }

  proven(): boolean | Promise<boolean> {
    const { clock, sessionMs } = this.#port;
    if (clock.now() - this.#heardAtMs < sessionMs) return true;
    if (this.#running === undefined) return false;
    return new Promise((resolve, reject) => {
      this.#asking.push({ resolve, reject });
      this.#pause?.end();
    });
  }

  async end(): Promise<void> {
    const { clock, link } = this.#port;
    this.#hasEnded = true;
    this.#topics = new Set();
    this.#pause?.end();
    // A join waits for the other members, and they may not answer.
    await endOf(clock, this.#running);
    this.#answer((asking) => asking.resolve(false));
    link.close();
  }

  #start(): void {
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#topics.size > 0 && !this.#hasEnded) this.#start();
    });
  }

  async #run(): Promise<void> {
    const { holder, meaning } = this.#port;
    // Who receives from several queues says so in one turn of the event loop.
    await this.#sleep(0);
    // Between two generations nobody can write that it gave all back: first it becomes a member again, of whom nobody takes anything for lost.
    let isBetween = false;
    for (let failures = 0; this.#topics.size > 0 || isBetween; ) {
      isBetween = false;
      try {
        await this.#join();
        failures = 0;
        await this.#stay();
      } catch (error) {
        const means = meaning(error);
        if (means === "evicted") this.#forget();
        else if (means === "rebalancing") isBetween = this.#memberId !== "";
        else {
          failures += 1;
          // The answer may be lost of a join that was made: as above; but once, since nobody waits for a broker that is away.
          isBetween = this.#isJoining && this.#memberId !== "" && failures === 1;
          this.#failed(error);
          await this.#sleep(reconnectMs(failures));
        }
      }
    }
    await holder.revoking(this.#topics);
    const id = this.#memberId;
    this.#forget();
    if (id !== "") await this.#port.link.leave(this.#port.group, id).catch(() => {});
  }

  async #join(): Promise<void> {
    const { link, group, sessionMs, holder, clock } = this.#port;
    const topics = this.#topics;
    this.#isJoining = true;
    holder.joining();
    const claim = { topics: [...topics].sort(), owned: holder.owned(), generation: this.#generation };
    const { memberId, generation, members } = await link.join(group, { id: this.#memberId, sessionMs, claim });
    this.#heard();
    this.#memberId = memberId;
    this.#own.add(memberId);
    this.#joinedFor = topics;
    const wanted = [...new Set(members.flatMap((member) => member.claim.topics))];
    // The leader looks anew: there may be more partitions by now.
    if (wanted.length > 0) await link.refresh();
    const assignments = wanted.length === 0 ? new Map() : assignPartitions(members, await link.partitions(wanted));
    const told = await markersOf(link, group, assignments);
    const { share, members: known } = await link.sync(group, { memberId, generation }, assignments, told);
    this.#generation = generation;
    this.#heard();
    await holder.assigned({ memberId, generation }, placesOf(share), { members: known, own: this.#own });
    this.#isJoining = false;
    if (clock.now() - this.#heardAtMs < sessionMs) this.#answer((asking) => asking.resolve(true));
  }

  /** Until it has to join again. */
  async #stay(): Promise<void> {
    const { link, group, sessionMs, holder, meaning } = this.#port;
    const beatMs = Math.min(MOST_BEAT_MS, sessionMs / BEATS_PER_SESSION);
    for (let failures = 0; this.#topics.size > 0; ) {
      await this.#sleep(failures === 0 ? beatMs : reconnectMs(failures));
      if (this.#topics.size === 0) return;
      try {
        await link.heartbeat(group, { memberId: this.#memberId, generation: this.#generation });
        failures = 0;
        this.#heard();
        this.#answer((asking) => asking.resolve(true));
        if (!holder.isStable || !isSame(this.#topics, this.#joinedFor)) return await holder.revoking(this.#topics);
      } catch (error) {
        const means = meaning(error);
        if (means === "evicted") throw error;
        // The broker knows it, and waits for it.
        if (means === "rebalancing") {
          this.#heard();
          return await holder.revoking(this.#topics);
        }
        failures += 1;
        this.#failed(error);
      }
    }
  }

  #heard(): void {
    this.#heardAtMs = this.#port.clock.now();
  }

  #failed(error: unknown): void {
    this.#answer((asking) => asking.reject(error));
    this.#port.holder.failed(error);
  }

  #forget(): void {
    this.#memberId = "";
    this.#generation = 0;
    this.#heardAtMs = Number.NEGATIVE_INFINITY;
    this.#port.holder.lost();
    this.#answer((asking) => asking.resolve(false));
  }

  #answer(how: (asking: Asking) => void): void {
    for (const asking of this.#asking.splice(0)) how(asking);
  }

  /** Ends early when there is something to do. */
  #sleep(ms: number): Promise<void> {
    if (this.#hasEnded) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        timer.cancel();
        if (this.#pause?.end === end) this.#pause = undefined;
        resolve();
      };
      const timer = this.#port.clock.after(Math.ceil(ms), end, true);
      this.#pause = { timer, end };
    });
  }
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((topic) => other.has(topic));
}
