import type { BrowsePage, Depth, Page, Queue } from "@org/dispatch-core/contract";
import { type AuditReport, auditQueue } from "./audit.ts";
import type { Argument } from "./connection.ts";
import { cursorOf, pageOf } from "./pages.ts";
import { type Script, scripts } from "./script.ts";
import type { ScriptRunner } from "./script-runner.ts";

/** So many frames are removed by one script of a purge. */
const PURGED = 1_000;

/** What people do with a queue. */
export class Looking {
  readonly #runner: ScriptRunner;

  constructor(runner: ScriptRunner) {
    this.#runner = runner;
  }

  async depth(queue: Queue, signal: AbortSignal): Promise<Depth> {
    const [ready, leased, delayed] = (await this.#run(scripts.depth, queue, [], signal)) as [number, number, number];
    return { ready, leased, delayed, exact: true };
  }

  async browse(queue: Queue, page: Page, signal: AbortSignal): Promise<BrowsePage> {
    return pageOf((await this.#run(scripts.browse, queue, cursorOf(page), signal)) as Parameters<typeof pageOf>[0]);
  }

  async purge(queue: Queue, signal: AbortSignal): Promise<number> {
    const { ready, delayed } = await this.depth(queue, signal);
    let purged = 0;
    // Not what is sent meanwhile: a sender that is fast enough would keep it going for ever.
    for (let count = -1; count !== 0 && purged < ready + delayed; purged += count)
      count = (await this.#run(scripts.purge, queue, [PURGED], signal)) as number;
    return purged;
  }

  async remove(queue: Queue, signal: AbortSignal): Promise<void> {
    await this.#run(scripts.remove, queue, [], signal);
  }

  audit(queue: Queue, repair: boolean, signal: AbortSignal): Promise<AuditReport> {
    return auditQueue((script, args) => this.#run(script, queue, args, signal), repair);
  }

  #run(script: Script, queue: Queue, args: readonly Argument[], signal: AbortSignal): Promise<unknown> {
    return this.#runner.run(script, [this.#runner.place(queue)], args, signal);
  }
}
