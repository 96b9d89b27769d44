import { decodeNote } from "@org/dispatch-core/adapter-kit";
import type { BrowsePage, Depth, Page, Queue } from "@org/dispatch-core/contract";
import { KafkaRefusal, missing } from "./kafka-error.ts";
import { spotOf } from "./names.ts";
import type { Settings } from "./options.ts";
import { partitionOf } from "./partitioning.ts";
import type { Fetched, LogLink, Place } from "./port.ts";

/** How long a look waits for what the bounds of the log say is there. */
const LOOK_MS = 100;
const LOOK_BYTES = 1024 * 1024;

/** What of a partition is not done, as the last commit of its holder says. */
interface Rest {
  readonly partition: number;
  /** The first offset that is there and not done. */
  readonly base: number;
  readonly high: number;
  readonly done: ReadonlySet<number>;
  readonly grantedBelow: number;
}

/** What there is for whoever looks after a queue. It takes part in no group: looking takes nothing. */
export class Looking {
  readonly #settings: Settings;
  #link: LogLink | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** As old as the last commits of those who read. */
  async depth(queue: Queue): Promise<Depth> {
    return depthOf(await this.#rests(queue));
  }

  async browse(queue: Queue, { cursor, max }: Page): Promise<BrowsePage> {
    const { topic } = spotOf(this.#settings.naming, queue);
    const [, atPartition = "0", atOffset = "0"] = /^(\d+):(\d+)$/.exec(cursor ?? "0:0") ?? [];
    if (cursor !== undefined && !/^\d+:\d+$/.test(cursor))
      throw new KafkaRefusal("MISMATCH", `"${cursor}" is no cursor of this backend`);
    const frames: BrowsePage["frames"][number][] = [];
    for (const rest of await this.#rests(queue)) {
      if (rest.partition < Number(atPartition)) continue;
      let offset = Math.max(rest.base, rest.partition === Number(atPartition) ? Number(atOffset) : 0);
      while (offset < rest.high) {
        const from = offset;
        const { records, next = 0 } = await this.#read(topic, rest.partition, offset);
        for (const record of records) {
          if (record.offset < from) continue;
          if (frames.length >= max) return { frames, cursor: `${rest.partition}:${offset}` };
          offset = record.offset + 1;
          if (rest.done.has(record.offset)) continue;
          frames.push({ bytes: record.value, state: record.offset < rest.grantedBelow ? "leased" : "ready" });
        }
        offset = Math.max(offset, next);
        if (offset > from) continue;
        throw new KafkaRefusal(
          "UNAVAILABLE",
          `partition ${rest.partition} of the topic "${topic}" did not answer in time`,
        );
      }
    }
    return { frames };
  }

  /** Removes all records up to the end as it is now; what is in hand lives on with its holder. */
  async purge(
    queue: Queue,
  ): Promise<{ readonly ready: number; readonly places: readonly (Place & { readonly offset: number })[] }> {
    const { topic } = spotOf(this.#settings.naming, queue);
    const rests = await this.#rests(queue);
    const places = rests
      .filter(({ base, high }) => high > base)
      .map(({ partition, high: offset }) => ({ topic, partition, offset }));
    await this.#asked.deleteBelow(places);
    return { ready: depthOf(rests).ready, places };
  }

  close(): void {
    this.#link?.close();
  }

  get #asked(): LogLink {
    this.#link ??= this.#settings.port.link();
    return this.#link;
  }

  async #rests(queue: Queue): Promise<readonly Rest[]> {
    const { topic, group } = spotOf(this.#settings.naming, queue);
    const link = this.#asked;
    const count = (await link.partitions([topic])).get(topic) ?? 0;
    if (count === 0) throw missing(topic);
    // One coordinator reads one of them.
    const partitions =
      queue.role === "reply" ? [partitionOf(queue.name, count)] : Array.from({ length: count }, (_, at) => at);
    const share = new Map([[topic, partitions]]);
    const [bounds, committed] = await Promise.all([link.bounds(share), link.committed(group, share)]);
    return partitions.map((partition) => {
      const { low = 0, high = 0 } = bounds.find((one) => one.partition === partition) ?? {};
      const { offset = -1, note: text = "" } = committed.find((one) => one.partition === partition) ?? {};
      const note = decodeNote(Math.max(0, offset), text);
      const base = Math.min(high, Math.max(low, offset));
      const done = new Set(note?.done.filter((each) => each >= base && each < high));
      return { partition, base, high, done, grantedBelow: note?.grantedBelow ?? 0 };
    });
  }

  async #read(topic: string, partition: number, offset: number): Promise<Pick<Fetched, "records" | "next">> {
    const leader = this.#asked.leaderOf({ topic, partition });
    if (leader === undefined)
      throw new KafkaRefusal("UNAVAILABLE", `no broker has partition ${partition} of the topic "${topic}"`);
    const [answer] = await this.#asked.fetch(leader, [{ topic, partition, offset }], {
      waitMs: LOOK_MS,
      partitionBytes: LOOK_BYTES,
    });
    if (answer?.failed !== undefined) throw answer.failed;
    return answer ?? { records: [] };
  }
}

function depthOf(rests: readonly Rest[]): Depth {
  let ready = 0;
  let leased = 0;
  for (const { base, high, done, grantedBelow } of rests) {
    const granted = Math.min(high, Math.max(base, grantedBelow));
    let doneGranted = 0;
    for (const offset of done) if (offset < granted) doneGranted += 1;
    leased += granted - base - doneGranted;
    ready += high - granted - (done.size - doneGranted);
  }
  return { ready, leased, delayed: 0, exact: false };
}
