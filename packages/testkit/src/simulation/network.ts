import type { Move, OutFrame, Queue, SendOutcome } from "@org/dispatch-core/contract";
import type { BackendCall, Interceptor, Verb } from "../decorators/intercept.ts";
import { FaultError } from "../decorators/wrap.ts";
import type { World } from "../world/world.ts";
import type { Dice } from "./dice.ts";
import type { Faults } from "./setting.ts";
import type { Trace } from "./trace.ts";

/** What is between every process and the broker. */
export const networked: readonly Verb[] = ["open", "send", "receive", "renew", "settle", "move", "depth", "remove"];

const never = new AbortController().signal;

/** The network of a simulation: its faults end when it is told so, and each process can be cut off from all others. */
export class Network {
  readonly #world: World;
  readonly #dice: Dice;
  readonly #faults: Faults;
  readonly #trace: Trace;
  readonly #cutOff = new Map<string, Set<() => void>>();
  #faulty = true;
  /** How many answers to `receive` were lost: each may have cost its frames a lease. */
  lostReceives = 0;
  /** Tasks of which a frame may have arrived twice: its sender could not know. */
  readonly doubted = new Set<string>();

  constructor(world: World, dice: Dice, faults: Faults, trace: Trace) {
    this.#world = world;
    this.#dice = dice;
    this.#faults = faults;
    this.#trace = trace;
  }

  /** Nothing of this process arrives, and no answer to it, until it is healed. */
  partition(process: string): void {
    if (this.#cutOff.has(process)) return;
    this.#cutOff.set(process, new Set());
    this.#trace.note(process, "cut off from the broker");
  }

  heal(process: string): void {
    const waiting = this.#cutOff.get(process);
    if (waiting === undefined) return;
    this.#cutOff.delete(process);
    this.#trace.note(process, "reaches the broker again");
    for (const go of waiting) go();
  }

  /** No more faults. */
  calm(): void {
    this.#faulty = false;
    for (const process of [...this.#cutOff.keys()]) this.heal(process);
  }

  interceptor(process: string): Interceptor {
    return async (call) => {
      await this.#passable(process, call);
      if (!this.#faulty) return call.proceed();
      const { failBefore, failAfter, twice } = this.#faults;
      await this.#delayed(call);
      if (this.#dice.chance(failBefore)) throw this.#fault(process, call, "did not arrive");
      let isAnswered = false;
      try {
        const answer = await this.#exchanged(process, call, twice, failAfter);
        isAnswered = true;
        return answer;
      } finally {
        if (!isAnswered) this.#doubt(call);
      }
    };
  }

  async #exchanged(process: string, call: BackendCall, twice: number, failAfter: number): Promise<unknown> {
    const answer = await this.#lossy(process, call);
    if (this.#dice.chance(twice)) await this.#again(process, call, answer);
    if (this.#dice.chance(failAfter) && this.#mayLose(call)) throw this.#fault(process, call, "lost its answer");
    await this.#passable(process, call).catch((error: unknown) => {
      if (call.verb !== "receive" || this.#mayLose(call)) throw error;
    });
    await this.#delayed(call).catch((error: unknown) => {
      if (call.verb !== "receive") throw error;
    });
    return answer;
  }

  #doubt({ verb, args }: BackendCall): void {
    if (verb !== "send") return;
    for (const { name } of args[1] as readonly OutFrame[]) this.doubted.add(name.slice(0, name.lastIndexOf("#")));
  }

  /** A session's frames lie in its process before they are received: that answer cannot be lost. */
  #mayLose({ verb }: BackendCall): boolean {
    if (verb !== "receive") return true;
    if (this.#world.profile.lease.kind === "session") return false;
    this.lostReceives += 1;
    return true;
  }

  /** Waits while the process is cut off. What waits when it is healed arrives then; what was given up meanwhile may arrive all the same. */
  #passable(process: string, call: BackendCall): Promise<void> {
    const waiting = this.#cutOff.get(process);
    if (waiting === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const signal = signalOf(call);
      const go = () => {
        signal.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = () => {
        waiting.delete(go);
        if (call.verb !== "receive" && call.verb !== "open" && this.#dice.chance(0.5)) waiting.add(late);
        reject(new FaultError("TIMED_OUT", `${call.verb}: cut off`));
      };
      const late = () => {
        this.#trace.note(process, `a ${call.verb} that was given up arrives`);
        this.#doubt(call);
        call.proceed(...call.args.slice(0, -1), never).catch(() => {});
      };
      waiting.add(go);
      if (signal.aborted) giveUp();
      else signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  #delayed(call: BackendCall): Promise<void> {
    const ms = this.#faulty ? this.#dice.whole(0, this.#faults.delayMs) : 0;
    if (ms === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const signal = signalOf(call);
      const giveUp = () => {
        timer.cancel();
        reject(new FaultError("TIMED_OUT", `${call.verb}: too late`));
      };
      const timer = this.#world.clock.after(ms, () => {
        signal.removeEventListener("abort", giveUp);
        resolve();
      });
      if (signal.aborted) giveUp();
      else signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** A broker that says ok to frames that it has lost. */
  async #lossy(process: string, call: BackendCall): Promise<unknown> {
    const { loses } = this.#faults;
    if (loses === 0) return call.proceed();
    const lost = ({ name }: OutFrame, queue: Queue) => {
      const isLost = this.#dice.chance(loses);
      if (isLost) this.#trace.note(process, `the broker loses ${name} of ${queue.role}`);
      return isLost;
    };
    if (call.verb === "send") {
      const [queue, frames] = call.args as readonly [Queue, readonly OutFrame[]];
      const kept = frames.map((frame) => !lost(frame, queue));
      const some = frames.filter((_, index) => kept[index]);
      const outcomes =
        some.length === 0 ? [] : [...((await call.proceed(queue, some, signalOf(call))) as SendOutcome[])];
      return kept.map((isKept) => (isKept ? (outcomes.shift() as SendOutcome) : "ok"));
    }
    if (call.verb === "move") {
      const moves = (call.args[0] as readonly Move[]).map((move) => ({
        ...move,
        sends: move.sends.filter(({ queue, frame }) => !lost(frame, queue)),
      }));
      return call.proceed(moves, signalOf(call));
    }
    return call.proceed();
  }

  /** The request again: frames come twice, what was settled is settled again. Its answer is seen by nobody. */
  async #again(process: string, call: BackendCall, answer: unknown): Promise<void> {
    const { verb } = call;
    if (verb === "receive" || verb === "open") return;
    this.#trace.note(process, `${verb} arrives twice`);
    if (verb !== "send") return void (await call.proceed().catch(() => {}));
    const [queue, frames] = call.args as readonly [Queue, readonly OutFrame[]];
    const taken = frames.filter((_, index) => (answer as readonly SendOutcome[])[index] === "ok");
    this.#doubt(call);
    const copies = taken.map(({ bytes, name, id, priority, delayMs, key }) => ({
      ...{ bytes: Uint8Array.from(bytes), name, id, priority, delayMs, key },
      first: false,
    }));
    if (copies.length > 0) await call.proceed(queue, copies, signalOf(call)).catch(() => {});
  }

  #fault(process: string, { verb }: BackendCall, what: string): FaultError {
    this.#trace.note(process, `${verb} ${what}`);
    return new FaultError(this.#dice.pick(["UNAVAILABLE", "THROTTLED"]), `${verb} ${what}`);
  }
}

function signalOf({ args }: BackendCall): AbortSignal {
  return args.at(-1) as AbortSignal;
}
