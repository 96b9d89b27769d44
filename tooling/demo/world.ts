/** What is observed: Redis, a coordinator with a steady run, workers, and a Prometheus with the rules, all of them this demonstration's own. */
import { mkdir, writeFile } from "node:fs/promises";
import { readRules } from "../alerts/rules.ts";
import { shortened } from "../alerts/short-rules.ts";
import { ServedCommand } from "../observability/served-command.ts";
import type { ServiceLine } from "../services/line.ts";
import { instancesFolder } from "../services/places.ts";
import { until } from "../services/waiting.ts";
import { root } from "../tree.ts";
import { Feed } from "./feed.ts";
import { claimServices, noteProcess, releaseServices, startService, writeWhole } from "./own-services.ts";

/** At least three samples, one every 4 s. */
const WINDOW_SECONDS = 13;
const LEASE_MS = 4_000;
const SCRAPED_MS = 60_000;

export class World {
  readonly prometheusUrl: string;
  readonly feed: Feed;
  readonly #redis: ServiceLine;
  readonly #coordinator: ServedCommand;
  #workers: readonly ServedCommand[] = [];

  private constructor(prometheusUrl: string, redis: ServiceLine, coordinator: ServedCommand, feed: Feed) {
    this.prometheusUrl = prometheusUrl;
    this.feed = feed;
    this.#redis = redis;
    this.#coordinator = coordinator;
  }

  /** Starts everything. What has been started is ended by `releaseServices`, also where this throws. */
  static async start(): Promise<World> {
    await claimServices();
    const [redis, prometheus] = [await startService("redis"), await startService("prometheus")];
    await mkdir(`${instancesFolder()}/work`, { recursive: true });
    const output = ["--output", "results.jsonl", "--force"];
    const coordinator = await command(redis, ["run", "--no-worker", "--input", "-", "--max-in-flight", "50000", "--pack", "off", ...output]); // biome-ignore format: one line
    const world = new World(prometheus.url, redis, coordinator, await Feed.start(coordinator));
    await world.startWorker();
    await world.#loadRules();
    return world;
  }

  get addresses(): { readonly coordinator: string; readonly worker: string | undefined } {
    return { coordinator: this.#coordinator.url, worker: this.#workers[0]?.url };
  }

  async startWorker(): Promise<void> {
    this.#workers = [...this.#workers, await command(this.#redis, ["worker"])];
    await this.#announce();
  }

  /** By SIGKILL: nothing is given back, no lease ends before its time. */
  async killWorkers(): Promise<void> {
    const killed = this.#workers;
    this.#workers = [];
    await Promise.all(killed.map((worker) => worker.stop("SIGKILL")));
    await this.#announce();
  }

  killRedis(): void {
    for (const pid of [this.#redis.pid].flat()) if (pid !== null) process.kill(pid, "SIGKILL");
  }

  /** In its place, and with its data. */
  async bringRedisBack(): Promise<void> {
    await startService("redis");
  }

  /** Ends everything, by process id. */
  async stop(): Promise<void> {
    this.feed.stop();
    await Promise.all([this.#coordinator, ...this.#workers].map((each) => each.stop("SIGKILL")));
    await releaseServices();
  }

  /** When there is something to judge: before its first scrape, Prometheus would miss everything. */
  async #loadRules(): Promise<void> {
    const isScraped = async () => {
      const answer = await fetch(`${this.prometheusUrl}/api/v1/query?query=count(dispatch_build_info)`);
      return (await answer.text()).includes('"2"');
    };
    if (!(await until(isScraped, SCRAPED_MS, 200)))
      throw new Error("Prometheus does not scrape the run and the worker");
    const folder = `${instancesFolder()}/prometheus-3/rules`;
    await mkdir(folder, { recursive: true });
    await writeFile(`${folder}/dispatch.yml`, shortened(await readRules(), WINDOW_SECONDS));
    const reloaded = await fetch(`${this.prometheusUrl}/-/reload`, { method: "POST" });
    if (!reloaded.ok) throw new Error(`Prometheus does not take the rules: ${await reloaded.text()}`);
  }

  /** Tells Prometheus whom to scrape. */
  async #announce(): Promise<void> {
    const hosts = [this.#coordinator, ...this.#workers].map(({ url }) => new URL(url).host);
    const file = `${instancesFolder()}/prometheus-3/targets.json`;
    await writeWhole(file, JSON.stringify([{ targets: hosts }]));
  }
}

async function command({ url }: ServiceLine, argv: readonly string[]): Promise<ServedCommand> {
  const common = [
    "--backend",
    url,
    "--create",
    "--lease",
    String(LEASE_MS),
    "--timeout",
    "1500",
    "--max-attempts",
    "2",
  ];
  const handler = ["--handler", `${root}/examples/evaluate/src/tasks.ts`];
  const [name = ""] = argv;
  const started = await ServedCommand.start([...argv, ...handler, ...common], `${instancesFolder()}/work`, { apart: true }); // biome-ignore format: one line
  await noteProcess(name, started.pid);
  return started;
}
