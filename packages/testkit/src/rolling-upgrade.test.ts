import assert from "node:assert/strict";
import type * as Core from "@org/dispatch-core";
import * as current from "@org/dispatch-core";
import type { Result } from "@org/dispatch-core/contract";
import { type Character, memory } from "@org/dispatch-core/memory";
import { afterEach, describe, it } from "vitest";
// @ts-expect-error a build has no types: they are those of today, as far as this test goes.
import * as built from "../fixtures/core-previous.js";
import { alwaysHolds, booksAddUp, everyTaskOnce, saysWhy } from "./invariants.ts";
import { Bare, frameOf, REPLY } from "./world/bare.ts";
import { unwired, wired } from "./world/wire.ts";
import { QUEUE, WORK, World } from "./world/world.ts";

type Build = Pick<typeof Core, "Dispatcher" | "Worker" | "QueueAdmin" | "defineTask" | "Dead">;
const previous: Build = built;

const characters: readonly Character[] = ["redis", "sqs", "rabbitmq", "kafka"];
const TASKS = 120;
/** What a task does, by its number: so each has one outcome, whoever runs it. */
const planOf = (n: number) => (n % 10 === 3 ? "fails-once" : n % 10 === 7 ? "rejects" : n % 10 === 9 ? "big" : "plain");
const expected = (n: number) =>
  ({ plain: "completed 1", "fails-once": "completed 2", rejects: "dead REJECTED 1", big: "completed 1" })[planOf(n)];
const said = ({ outcome, error, attempts }: Result) =>
  [outcome, ...(error === undefined ? [] : [error.code]), attempts].join(" ");

/** As they have been written since version 1 of the frame: two of those in core's codec/golden.test.ts. Never change one. */
const golden = Object.freeze({
  task: "d710100005000000000000abcdef01234567890000001100010000080106018bcfe568005b6e756c6c5d",
  probe: "d710100005000000000000abcdef01234567890000000300000000170106018bcfe56800020d636f6f7264696e61746f722d315b5d",
});

/** One world in which both builds meet, each worker and coordinator in a process of its own. */
class Upgrade {
  readonly world: World;
  readonly #ends: (() => Promise<unknown>)[] = [];

  constructor(character: Character) {
    const profile = character === "sqs" ? { pollMs: 1_000 } : {};
    const backend = (namespace: string) => memory({ namespace, character, profile });
    this.world = new World({ backend, namespace: `upgrade-${character}` });
  }

  #common(name: string) {
    const { leaseMs, random, events } = this.world;
    return { queue: QUEUE, leaseMs, random, observer: events.observer(name), compressAboveBytes: 512 };
  }

  async worker(build: Build) {
    const { world } = this;
    const process = world.process(build === previous ? "previous" : "current");
    const handler = async (n: number, context: Core.Context) => {
      const ended = world.ledger.begin("default", process.name, n, context);
      await new Promise<void>((resolve) => void process.clock.after(40, resolve));
      const plan = planOf(n);
      if (plan === "rejects" || (plan === "fails-once" && context.attempt === 1)) {
        const error = plan === "rejects" ? new build.Dead("never") : new Error("once");
        ended("threw", error);
        throw error;
      }
      const value = plan === "big" ? { n, text: "word ".repeat(500) } : { n };
      ended("returned", value);
      return value;
    };
    const options = {
      ...this.#common(process.name),
      id: process.name,
      clock: process.clock,
      concurrency: 4,
      timeoutMs: 10_000,
      drainMs: world.leaseMs,
      backoff: { baseMs: 100, maxMs: 1_000 },
    };
    const start = build.Worker.start(process.backend, [build.defineTask({ name: "default", handler })], options);
    const worker = await world.time.wait(start, "a worker starts");
    const stop = async () => {
      if (!process.isDead) await world.time.wait(worker.stop(), "a worker stops");
    };
    this.#ends.push(stop);
    return { process, stop };
  }

  async dispatcher(build: Build) {
    const process = this.world.process(build === previous ? "previous-dispatcher" : "current-dispatcher");
    const options = { ...this.#common(process.name), clock: process.clock };
    const dispatcher = await this.world.time.wait(
      build.Dispatcher.open(process.backend, options),
      "a dispatcher opens",
    );
    this.#ends.push(() => this.world.time.wait(dispatcher.close(), "a dispatcher closes"));
    return dispatcher;
  }

  async admin(build: Build) {
    const { leaseMs, random, clock } = this.world;
    const { backend } = this.world.process("admin");
    return this.world.time.wait(
      build.QueueAdmin.open(backend, { queue: QUEUE, leaseMs, random, clock }),
      "an admin opens",
    );
  }

  /** A run in which every task has the outcome of the table; `meanwhile` is what the upgrade does. */
  async run(dispatcher: Core.Dispatcher, meanwhile: () => Promise<void>): Promise<void> {
    const run = dispatcher.run<number, unknown>("default", Array(TASKS).keys());
    const results = run.results();
    await meanwhile();
    const all = await this.world.time.wait(results, "the run ends");
    everyTaskOnce(all, TASKS);
    booksAddUp(run.summary, all);
    assert.deepEqual(
      all.toSorted((a, b) => a.index - b.index).map(said),
      Array.from({ length: TASKS }, (_, n) => expected(n)),
    );
    for (const { index, value } of all)
      if (planOf(index) === "big") assert.equal((value as { text: string }).text.length, 2_500);
  }

  /** Which builds have run anything. */
  get ranBy(): string[] {
    return [...new Set(this.world.ledger.runs.map(({ worker }) => worker.split("-")[0] as string))].sort();
  }

  async end(): Promise<void> {
    alwaysHolds(this.world);
    for (const end of this.#ends) await end();
    await this.world.end();
  }
}

describe.each(characters)("a rolling upgrade on memory as %s", (character) => {
  let upgrade: Upgrade;
  afterEach(() => upgrade.end());

  it.each([
    ["old workers, a new coordinator", previous, current],
    ["new workers, an old coordinator", current, previous],
  ] as const)("%s: each task has its outcome", async (_, workers, coordinator) => {
    upgrade = new Upgrade(character);
    const dispatcher = await upgrade.dispatcher(coordinator);
    await upgrade.worker(workers);
    await upgrade.worker(workers);
    await upgrade.run(dispatcher, async () => {});
    assert.deepEqual(upgrade.ranBy, [workers === previous ? "previous" : "current"]);
  });

  it.each([
    ["forth", previous, current],
    ["back again", current, previous],
  ] as const)(
    "one worker after the other, %s, while two runs go on: each task has its outcome",
    async (_, from, to) => {
      upgrade = new Upgrade(character);
      const [one, other] = [await upgrade.dispatcher(from), await upgrade.dispatcher(to)];
      const [first, second] = [await upgrade.worker(from), await upgrade.worker(from)];
      const roll = async () => {
        await upgrade.world.time.pass(150);
        await upgrade.worker(to);
        await first.stop();
        await upgrade.world.time.pass(150);
        // The other one crashes on its way: what it held is lost once, and counted by whoever takes over.
        second.process.crash();
        await upgrade.worker(to);
      };
      await Promise.all([upgrade.run(one, roll), upgrade.run(other, async () => {})]);
      assert.deepEqual(upgrade.ranBy, ["current", "previous"]);
    },
  );

  it.each([
    ["old dead letters by a new admin", previous, current],
    ["new dead letters by an old admin", current, previous],
  ] as const)("%s: listed, redriven, and completed", async (_, dead, admins) => {
    upgrade = new Upgrade(character);
    const dispatcher = await upgrade.dispatcher(dead);
    const worker = await upgrade.worker(dead);
    const sent = [7, 17, 27].map((n) => dispatcher.send("default", n, { id: `order ${n}`, priority: 5 }));
    await upgrade.world.time.wait(Promise.all(sent), "all are sent");
    await upgrade.world.time.until(() => upgrade.world.events.count("task_dead") === 3, "all are dead");
    await worker.stop();
    await upgrade.world.time.pass(upgrade.world.profile.ackLagMs);
    const admin = await upgrade.admin(admins);
    const letters: Core.DeadLetter[] = [];
    const list = async () => {
      for await (const letter of admin.dead.list()) letters.push(letter);
    };
    await upgrade.world.time.wait(list(), "the dead letters are read");
    for (const letter of letters) saysWhy(letter);
    const about = letters.map(({ ref, reason, payload, attempts }) => [ref, reason, payload, attempts]);
    assert.deepEqual(
      about.sort(([, , a], [, , b]) => Number(a) - Number(b)),
      [7, 17, 27].map((n) => [`order ${n}`, "REJECTED", n, 1]),
    );
    assert.equal(await upgrade.world.time.wait(admin.dead.redrive({ all: true }), "they are sent again"), 3);
    await upgrade.worker(dead === previous ? current : previous);
    await upgrade.world.time.until(() => upgrade.world.events.count("task_dead") === 6, "all have run once more");
    assert.deepEqual(upgrade.ranBy, ["current", "previous"]);
  });

  it.each([
    ["an old worker", previous],
    ["a new worker", current],
  ] as const)(
    "frames that lay in the broker for years, and %s: the task is run, the probe is answered",
    async (_, build) => {
      upgrade = new Upgrade(character);
      const { world } = upgrade;
      const bare = await Bare.open(world, [REPLY]);
      for (const [name, hex] of Object.entries(golden)) {
        const bytes = wired(world.profile, Buffer.from(hex, "hex"));
        assert.deepEqual(await bare.send([frameOf("", { bytes, id: name, name: `q83vASNFZ4k/17#0.0~0` })], WORK), [
          "ok",
        ]);
      }
      await upgrade.worker(build);
      await world.time.until(() => world.events.count("queue_completed") === 1, "the task is run");
      assert.deepEqual(
        world.ledger.runs.map(({ id, payload, attempt }) => [id, payload, attempt]),
        [["q83vASNFZ4k/17", null, 1]],
      );
      const [answer] = await bare.receive({ max: 1, waitMs: 5_000 }, REPLY);
      const text = unwired(world.profile, answer?.bytes ?? Buffer.alloc(0)).toString();
      assert.match(text, /"probes":\[\{"run":"q83vASNFZ4k","sequence":3\}\]/);
    },
  );
});
