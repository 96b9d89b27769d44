/** Hires and ends the workers of a cell. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Backend } from "../../packages/core/dist/contract.js";
import { isSessioned } from "../../packages/testkit/dist/index.js";
import type { Ready } from "../conformance/factories.ts";
import type { CellPlan } from "./faults.ts";
import { needsWires } from "./faults.ts";
import { type Member, memberOf, startHere } from "./members.ts";
import type { Watch } from "./watch.ts";

/** What a cell needs of a backend that is ready. */
export type CellSubject = Pick<Ready, "options" | "spawnWorker">;

export interface CrewOptions {
  readonly subject: CellSubject;
  /** The dispatcher's: in one process others may have to share it. */
  readonly backend: Backend;
  readonly plan: CellPlan;
  readonly namespace: string;
  readonly leaseMs: number;
  readonly watch: Watch;
  readonly random: () => number;
}

/** A graceful stop takes no longer than this. */
const STOP_MS = 5_000;
const handler = new URL("./handler.ts", import.meta.url);

export class Crew {
  readonly #options: CrewOptions;
  readonly #members: Member[] = [];
  #hired = 0;
  /** Also one that stands still, which would stand there for ever. */
  readonly #killAll = () => {
    for (const member of this.#members) void member.kill();
  };

  constructor(options: CrewOptions) {
    this.#options = options;
    process.once("exit", this.#killAll);
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  async hire(count: number): Promise<void> {
    this.#members.push(...(await Promise.all(Array.from({ length: count }, () => this.#start()))));
  }

  /** By lot, first among those that are at work. */
  pick(count: number): Member[] {
    const { watch, random } = this.#options;
    const lots = this.#members.map((member) => ({ member, lot: random(), isBusy: watch.hands.of(member.id).size > 0 }));
    lots.sort((one, other) => Number(other.isBusy) - Number(one.isBusy) || one.lot - other.lot);
    return lots.slice(0, count).map(({ member }) => member);
  }

  async kill(member: Member): Promise<void> {
    this.#members.splice(this.#members.indexOf(member), 1);
    await member.kill();
  }

  async end(): Promise<void> {
    for (const member of this.#members) member.thaw();
    await Promise.all(this.#members.map((member) => Promise.race([member.stop(), sleep(STOP_MS)])));
    await Promise.all(this.#members.map((member) => member.kill()));
    process.off("exit", this.#killAll);
  }

  async #start(): Promise<Member> {
    const { subject, backend, plan, namespace, leaseMs, watch } = this.#options;
    const { concurrency, fault } = plan;
    this.#hired += 1;
    if (subject.spawnWorker !== undefined && !needsWires(fault)) {
      const child = await subject.spawnWorker({ namespace, leaseMs, concurrency, handler });
      child.onEvent((event) => watch.worker(child.id, event));
      return memberOf(child);
    }
    const id = `worker-${this.#hired}`;
    const connection = subject.options.proxy?.(namespace) ?? (isSessioned(backend) ? backend.session() : backend);
    const observer: Parameters<typeof startHere>[2]["observer"] = (event) => watch.worker(id, event);
    return startHere(connection, connection === backend, { id, leaseMs, concurrency, observer });
  }
}
