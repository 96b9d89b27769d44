import type { Process } from "../world/process.ts";
import { isStoppable } from "../world/sessions.ts";
import type { Dice } from "./dice.ts";
import type { Simulated } from "./simulated.ts";

/** What happens to processes and to the broker in the safety phase, at times that are drawn before. */
export class Nemesis {
  readonly #simulated: Simulated;
  readonly #dice: Dice;
  readonly #frozen = new Set<Process>();
  #over = false;
  freezes = 0;
  partitions = 0;
  cuts = 0;
  outages = 0;

  constructor(simulated: Simulated, dice: Dice) {
    this.#simulated = simulated;
    this.#dice = dice;
  }

  begin(): void {
    const { crashes, freezes, partitions, cuts, outages, stops } = this.#simulated.setting.faults;
    this.#each(crashes, () => this.#worker()?.crash());
    this.#each(freezes, () => this.#freeze());
    this.#each(partitions, () => this.#partition());
    this.#each(cuts, () => this.#cut());
    this.#each(outages, () => this.#outage());
    this.#each(stops, () => {
      const host = this.#worker();
      if (host !== undefined) this.#simulated.crew.stop(host);
    });
  }

  /** No more of it; what it has stopped goes on. */
  end(): void {
    this.#over = true;
    this.#startBroker();
    for (const process of this.#frozen) this.#thaw(process);
    this.#simulated.network.calm();
  }

  #each(count: number, strike: () => void): void {
    const { setting, world } = this.#simulated;
    for (let done = 0; done < count; done += 1)
      world.clock.after(this.#dice.whole(0, setting.faults.forMs), () => this.#over || strike());
  }

  #worker() {
    const { alive } = this.#simulated.crew;
    return alive.length === 0 ? undefined : alive[this.#dice.whole(0, alive.length - 1)];
  }

  /** A worker, or now and then the coordinator. */
  #process(): Process | undefined {
    return this.#dice.chance(0.2) ? this.#simulated.dispatcher.process : this.#worker()?.process;
  }

  #later(run: () => void): void {
    this.#simulated.world.clock.after(this.#dice.whole(1, this.#simulated.setting.leaseMs * 3), run);
  }

  #freeze(): void {
    const process = this.#process();
    if (process === undefined || process.isDead || process.clock.state !== "alive") return;
    this.freezes += 1;
    this.#simulated.trace.note(process.name, "is frozen");
    process.freeze();
    this.#frozen.add(process);
    this.#later(() => this.#thaw(process));
  }

  #thaw(process: Process): void {
    if (!this.#frozen.delete(process) || process.isDead) return;
    this.#simulated.trace.note(process.name, "goes on");
    process.thaw();
  }

  #partition(): void {
    const { network } = this.#simulated;
    const name = this.#process()?.name;
    if (name === undefined) return;
    this.partitions += 1;
    network.partition(name);
    this.#later(() => network.heal(name));
  }

  #cut(): void {
    const process = this.#process();
    if (process?.session?.cut === undefined || process.isDead) return;
    this.cuts += 1;
    this.#simulated.trace.note(process.name, "its connection breaks");
    process.session.cut();
  }

  #outage(): void {
    const { session } = this.#simulated.dispatcher.process;
    if (session === undefined || !isStoppable(session)) return;
    this.outages += 1;
    this.#simulated.trace.note("broker", "is away");
    session.stopBroker();
    this.#later(() => this.#startBroker());
  }

  #startBroker(): void {
    if (this.outages === 0) return;
    this.#simulated.trace.note("broker", "is there");
    const { session } = this.#simulated.dispatcher.process;
    if (session !== undefined && isStoppable(session)) session.startBroker();
  }
}
