import type { Backend, Clock, Move, OpenOptions, OutFrame, Queue } from "@org/dispatch-core/contract";
import { type BackendCall, type Interceptor, intercept, type Verb } from "../decorators/intercept.ts";
import { FaultError } from "../decorators/wrap.ts";
import { GuardedClock } from "./guarded-clock.ts";
import { ProcessClock } from "./process-clock.ts";
import type { Session } from "./sessions.ts";

/** A frame that a process has given to its backend. */
export interface SentFrame {
  readonly process: string;
  readonly queue: Queue;
  readonly frame: OutFrame;
  /** Ms on the clock of the world. */
  readonly at: number;
}

type Interceptors = readonly (readonly [verbs: readonly Verb[], interceptor: Interceptor])[];

export interface ProcessOptions {
  readonly name: string;
  /** Its own connection, or the one that all share where the backend reaches no further than one process and has no sessions. */
  readonly connection: Backend;
  /** The same, where it is the process's own and can die, stop and go on with it. */
  readonly session?: Session | undefined;
  /** Does the connection keep the clock of the world? Where it lives in this process. */
  readonly shared: boolean;
  readonly clock: Clock;
  /** How far its wall clock is off the world's, in ms; default 0. */
  readonly wallShiftMs?: number | undefined;
  /** Is the broker away? Default: never. */
  readonly isAway?: (() => boolean) | undefined;
  readonly sent: (frame: SentFrame) => void;
}

/**
 * What a case takes for a process of its own: a clock and a view of the backend. It can crash, which releases nothing: its calls are never answered, its
 * timers never fire, its waiting at the broker ends. It can be frozen and thawed, as by SIGSTOP and SIGCONT: meanwhile the broker still serves it.
 */
export class Process {
  readonly name: string;
  readonly clock: ProcessClock;
  readonly #options: ProcessOptions;
  readonly #cut = new AbortController();
  #backend: Backend;
  #interceptors: Interceptors = [];
  #reset = new AbortController();
  readonly #underWay = new Set<(error: FaultError) => void>();
  #isSilent = false;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.name = options.name;
    this.clock = new ProcessClock(options.clock, options.wallShiftMs);
    this.#backend = intercept(options.connection, (call) => this.#call(call));
  }

  /** What its worker or dispatcher is given. */
  get backend(): Backend {
    return this.#backend;
  }

  /** Its own connection, where it has one that can die, stop and go on with it. */
  get session(): Session | undefined {
    return this.#options.session;
  }

  get isDead(): boolean {
    return this.clock.state === "dead";
  }

  crash(): void {
    this.#canEnd();
    const { session } = this.#options;
    this.clock.kill();
    // A session dies without a word; of a shared connection, only this process's calls end.
    if (session === undefined) this.#cut.abort();
    else session.kill();
  }

  freeze(): void {
    this.#canEnd();
    this.clock.freeze();
    this.#options.session?.freeze();
  }

  thaw(): void {
    this.#options.session?.thaw();
    this.clock.thaw();
  }

  /** Its connection breaks: every call that is under way fails, whether it took effect or not, and the next ones go through. */
  reset(): void {
    const reset = this.#reset;
    this.#reset = new AbortController();
    for (const fail of this.#underWay) fail(new FaultError("UNAVAILABLE", "the connection was reset"));
    this.#underWay.clear();
    reset.abort();
    this.#options.session?.cut?.();
  }

  /**
   * Its connection is half open: calls are neither answered nor refused, until their own signal ends them. Answers whether it is the connection that does
   * that; else it is this process's view of it.
   */
  blackHole(on: boolean): boolean {
    const { session } = this.#options;
    if (session?.blackHole !== undefined) session.blackHole(on);
    else if (session !== undefined && on) session.freeze();
    else if (session !== undefined) session.thaw();
    else this.#isSilent = on;
    return session !== undefined;
  }

  /** Puts a decorator around its backend; before its worker or dispatcher starts. */
  decorate(decorator: (backend: Backend) => Backend): void {
    this.#backend = decorator(this.#backend);
  }

  /** Puts faults between this process and the broker, for some verbs; the first interceptor sees a call first. Answers how to take it away. */
  intercept(verbs: Verb | readonly Verb[], interceptor: Interceptor): () => void {
    const entry = [[verbs].flat() as readonly Verb[], interceptor] as const;
    this.#interceptors = [...this.#interceptors, entry];
    return () => {
      this.#interceptors = this.#interceptors.filter((one) => one !== entry);
    };
  }

  async #call(call: BackendCall): Promise<unknown> {
    await this.clock.awake();
    const { clock } = this.#options;
    if (clock instanceof GuardedClock && !clock.mayCall()) return new Promise(() => {});
    this.#record(call);
    const answer = this.#connected(call);
    // A process that is not there does not see the answer, nor the error.
    await answer.then(
      () => this.clock.awake(),
      () => this.clock.awake(),
    );
    return answer;
  }

  /** As far as the connection lets it through. */
  #connected(call: BackendCall): Promise<unknown> {
    const own = this.#own(call);
    if (this.#isSilent) return unanswered(own.args.at(-1) as AbortSignal);
    if (this.#options.isAway?.() === true) return Promise.reject(new FaultError("UNAVAILABLE", "the broker is away"));
    return new Promise((resolve, reject) => {
      this.#underWay.add(reject);
      this.#through(own, this.#interceptors)
        .then(resolve, reject)
        .finally(() => this.#underWay.delete(reject));
    });
  }

  #through(call: BackendCall, interceptors: Interceptors): Promise<unknown> {
    const index = interceptors.findIndex(([verbs]) => verbs.includes(call.verb));
    const interceptor = interceptors[index]?.[1];
    if (interceptor === undefined) return call.proceed(...call.args);
    const rest = interceptors.slice(index + 1);
    const proceed = (...others: readonly unknown[]) =>
      this.#through(others.length > 0 ? { ...call, args: others } : call, rest);
    return interceptor({ ...call, proceed });
  }

  /** Throws where only its view of the connection would end, and the lease with the connection: the case would show nothing, or fail who is right. */
  #canEnd(): void {
    const { session, shared, connection } = this.#options;
    if (session === undefined && !shared && connection.profile.lease.kind === "session")
      throw new Error(
        "a session elsewhere ends through the hook `proxy` only: the case has to say that it `endsSessions`",
      );
  }

  /** The call as this process makes it: a crash ends it at the broker, and a shared backend keeps the clock of the world. */
  #own(call: BackendCall): BackendCall {
    const args = [...call.args];
    args.push(AbortSignal.any([args.pop() as AbortSignal, this.#cut.signal, this.#reset.signal]));
    if (call.verb === "open" && this.#options.shared) {
      args[0] = { ...(args[0] as OpenOptions), clock: this.#options.clock };
    }
    return { ...call, args };
  }

  #record({ verb, args }: BackendCall): void {
    const { name, clock, sent } = this.#options;
    const at = clock.now();
    if (verb === "send") {
      const [queue, frames] = args as readonly [Queue, readonly OutFrame[]];
      for (const frame of frames) sent({ process: name, queue, frame, at });
    } else if (verb === "move") {
      for (const { sends } of args[0] as readonly Move[]) {
        for (const { queue, frame } of sends) sent({ process: name, queue, frame, at });
      }
    }
  }
}

/** As on a socket that answers no more: the caller's own signal ends it. */
function unanswered(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
