import { mkdir, rm, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type {
  Backend,
  BrowsePage,
  Clock,
  Delivery,
  Depth,
  HoldOutcome,
  OpenOptions,
  OutFrame,
  Page,
  Queue,
  Receipt,
  SendOutcome,
  Settlement,
  Want,
} from "@org/dispatch-core/contract";
import { classify, DirectoryError } from "./failures.ts";
import { folderOf, type LeasedName, leasedName, newGrant, newUnique, readyName } from "./file-name.ts";
import { APART_MS, LOOK_MS, profile } from "./profile.ts";
import { moved, QueueFolder } from "./queue-folder.ts";

const PROBES = 10;

/** 0 where nothing is waited for: what is ready is ready by anybody's clock. */
const dueAfter = (delayMs: number, now: number) => (delayMs > 0 ? now + delayMs + APART_MS : 0);

export interface DirectoryOptions {
  /** Default `dispatch`. */
  readonly namespace?: string;
}

/** A backend over `root`, a directory that every process of the system can write to. Nothing is made before `open`. */
export function directory(root: string, options: DirectoryOptions = {}): DirectoryBackend {
  return new DirectoryBackend(root, options);
}

/** What is held: the name that its file has now. What is done with one is done in turn, since a renewal changes the name. */
interface Held extends Receipt {
  lease: LeasedName;
  turn: Promise<unknown>;
}

/** Tasks as files in a directory. */
export class DirectoryBackend implements Backend {
  readonly contract = 1;
  readonly name = "directory";
  readonly profile = profile;
  readonly classify = classify;
  readonly #folder: string;
  readonly #drafts: string;
  readonly #held = new Set<Held>();
  readonly #closing = new AbortController();
  #clock: Clock | undefined;
  #aheadMs = 0;
  #closed: Promise<void> | undefined;

  constructor(root: string, { namespace = "dispatch" }: DirectoryOptions) {
    this.#folder = join(root, encodeURIComponent(namespace));
    this.#drafts = join(this.#folder, "drafts");
  }

  async open({ receive, send, create, clock }: OpenOptions): Promise<void> {
    this.#alive();
    if (create) await mkdir(this.#drafts, { recursive: true });
    if (this.#clock === undefined) this.#aheadMs = await this.#ask(clock);
    this.#clock = clock;
    for (const queue of [...receive, ...send]) {
      const folder = this.#of(queue);
      await (create ? folder.make() : folder.check());
    }
  }

  async send(queue: Queue, frames: readonly OutFrame[]): Promise<readonly SendOutcome[]> {
    const now = this.#alive();
    const folder = this.#of(queue);
    const put = async ({ bytes, delayMs, priority }: OutFrame): Promise<SendOutcome> => {
      const { frameBytes } = profile.limits;
      if (bytes.length > frameBytes)
        throw new DirectoryError("TOO_LARGE", `${bytes.length} bytes, the limit is ${frameBytes}`);
      const name = { dueAt: dueAfter(delayMs, now), rank: 10 - priority, unique: newUnique(now), losses: 0 };
      return (await folder.put(bytes, name, this.#drafts)) ? "ok" : "gone";
    };
    return Promise.all(frames.map((frame) => put(frame).catch((failed: unknown) => ({ failed }))));
  }

  async receive(queue: Queue, { max, waitMs, leaseMs }: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    const until = this.#alive() + waitMs;
    const ending = AbortSignal.any([signal, this.#closing.signal]);
    while (max > 0 && !ending.aborted) {
      const deliveries = await this.#grant(queue, max, leaseMs, ending);
      const leftMs = until - this.#now();
      if (deliveries.length > 0 || leftMs <= 0) return deliveries;
      await this.#pause(Math.min(LOOK_MS, leftMs), ending);
    }
    return [];
  }

  async renew(receipts: readonly Receipt[], leaseMs: number): Promise<readonly HoldOutcome[]> {
    this.#alive();
    const renew = async (held: Held, folder: QueueFolder) => {
      const longer = {
        ...held.lease,
        endsAt: Math.max(held.lease.endsAt, this.#now() + leaseMs),
      };
      if (!(await folder.extend(held.lease, longer))) return false;
      held.lease = longer;
      return true;
    };
    return Promise.all(receipts.map((receipt) => this.#withHeld(receipt as Held, renew)));
  }

  async settle(settlements: readonly Settlement[]): Promise<readonly HoldOutcome[]> {
    this.#alive();
    const settle = (settlement: Settlement) =>
      this.#withHeld(settlement.receipt as Held, async (held, folder) => {
        this.#held.delete(held);
        if (settlement.kind === "ack") return folder.drop(held.lease);
        return folder.giveBack(held.lease, {
          ...held.lease,
          dueAt: dueAfter(settlement.delayMs, this.#now()),
        });
      });
    return Promise.all(settlements.map(settle));
  }

  async depth(queue: Queue): Promise<Depth> {
    const now = this.#alive();
    const folder = this.#of(queue);
    await this.#sweep(folder);
    const ready = await folder.ready();
    const delayed = ready.filter(({ dueAt }) => dueAt > now).length;
    return {
      ready: ready.length - delayed,
      leased: (await folder.leased()).length,
      delayed,
      exact: true,
    };
  }

  async browse(queue: Queue, { cursor = "", max }: Page): Promise<BrowsePage> {
    const now = this.#alive();
    const folder = this.#of(queue);
    const names = [
      ...(await folder.ready()).map(
        (name) =>
          ({
            name,
            key: `r${readyName(name)}`,
            state: name.dueAt > now ? "delayed" : "ready",
          }) as const,
      ),
      ...(await folder.leased()).map((name) => ({ name, key: `l${leasedName(name)}`, state: "leased" }) as const),
    ];
    const rest = names.filter(({ key }) => key > cursor).sort((a, b) => (a.key < b.key ? -1 : 1));
    const page = rest.slice(0, max);
    const frames: BrowsePage["frames"][number][] = [];
    for (const { name, state } of page) {
      const bytes = await folder.read(name);
      if (bytes !== undefined) frames.push({ bytes, state });
    }
    return { frames, cursor: rest.length > max ? page.at(-1)?.key : undefined };
  }

  async purge(queue: Queue): Promise<number> {
    this.#alive();
    const folder = this.#of(queue);
    const dropped = await Promise.all((await folder.ready()).map((name) => folder.dropReady(name)));
    return dropped.filter(Boolean).length;
  }

  async remove(queue: Queue): Promise<void> {
    this.#alive();
    // In one step, so that nobody sends into half of it.
    const away = join(this.#drafts, newUnique(0));
    if (await moved(this.#of(queue).path, away)) await rm(away, { recursive: true });
  }

  close(): Promise<void> {
    this.#closed ??= this.#giveAllBack();
    return this.#closed;
  }

  async #giveAllBack(): Promise<void> {
    this.#closing.abort();
    const back = (held: Held) => this.#withHeld(held, (_, folder) => folder.giveBack(held.lease, held.lease));
    await Promise.all([...this.#held].map(back));
    this.#held.clear();
  }

  /** Takes what is due, up to `max`, as others may be doing at the same time. */
  async #grant(queue: Queue, max: number, leaseMs: number, ending: AbortSignal): Promise<Delivery[]> {
    const folder = this.#of(queue);
    await this.#sweep(folder);
    const deliveries: Delivery[] = [];
    const now = this.#now();
    const due = (await folder.ready()).filter(({ dueAt }) => dueAt <= now).sort((a, b) => a.rank - b.rank);
    for (const name of due) {
      if (deliveries.length === max || ending.aborted) break;
      const lease = {
        ...name,
        grant: newGrant(),
        endsAt: Math.ceil(this.#now() + leaseMs),
      };
      if (!(await folder.take(name, lease))) continue;
      const held: Held = { queue, lease, turn: Promise.resolve() };
      this.#held.add(held);
      const bytes = await folder.read(lease);
      // Gone already: the lease was shorter than the reading took.
      if (bytes !== undefined) deliveries.push({ receipt: held, bytes, redelivery: name.losses });
    }
    if (!this.#closing.signal.aborted) return deliveries;
    // Closed meanwhile: `close` has not seen these.
    await Promise.all(
      deliveries.map(({ receipt }) =>
        this.#withHeld(receipt as Held, (held) => folder.giveBack(held.lease, held.lease)),
      ),
    );
    return [];
  }

  /** Leases that are over: their files are ready again, with one loss more. Whoever comes first does it. */
  async #sweep(folder: QueueFolder): Promise<void> {
    const now = this.#now();
    for (const lease of await folder.leased()) {
      if (lease.endsAt > now) break;
      await folder.giveBack(lease, { ...lease, losses: lease.losses + 1 });
    }
  }

  /** Does something with what is held, in turn; `lost` where it is not held any more. */
  #withHeld(held: Held, act: (held: Held, folder: QueueFolder) => Promise<boolean>): Promise<HoldOutcome> {
    const next = held.turn.then(async (): Promise<HoldOutcome> => {
      const isHeld = held.lease.endsAt > this.#now() && (await act(held, this.#of(held.queue)));
      if (!isHeld) this.#held.delete(held);
      return isHeld ? "ok" : "lost";
    });
    held.turn = next.catch(() => {});
    return next.catch((failed: unknown) => ({ failed }));
  }

  #pause(ms: number, ending: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        timer?.cancel();
        ending.removeEventListener("abort", end);
        resolve();
      };
      const timer = this.#clock?.after(ms, end);
      ending.addEventListener("abort", end);
      if (ending.aborted || timer === undefined) end();
    });
  }

  #of(queue: Queue): QueueFolder {
    return new QueueFolder(join(this.#folder, folderOf(queue)));
  }

  /** The time now. Throws when the backend is closed. */
  #alive(): number {
    if (this.#closed !== undefined) throw new DirectoryError("CLOSED", "the backend is closed");
    return this.#now();
  }

  /** The directory's time: what the file system said at the first `open`, and from there on by the monotonic clock. A wall clock that jumps moves no lease. */
  #now(): number {
    return (this.#clock?.now() ?? 0) + this.#aheadMs;
  }

  /** By how much the file system's clock is ahead of this one. All who share the directory ask the same one. */
  async #ask(clock: Clock): Promise<number> {
    let best = { tookMs: Number.POSITIVE_INFINITY, aheadMs: 0 };
    // A slow probe says little: the best of a few is taken.
    for (let probes = 0; probes < PROBES && best.tookMs > APART_MS / 4; probes += 1) {
      const probe = join(this.#drafts, newUnique(0));
      const from = clock.now();
      await writeFile(probe, "");
      const tookMs = clock.now() - from;
      const { mtimeMs } = await stat(probe);
      await unlink(probe);
      if (tookMs < best.tookMs) best = { tookMs, aheadMs: mtimeMs - from };
    }
    return best.aheadMs;
  }
}
