import { describe, expect, it } from "vitest";
import { RecordBatch } from "./kafkajs/record-batch.ts";
import { resolveOptions } from "./options.ts";
import type { Batch, KafkaPort } from "./port.ts";
import { BATCH_FRAMES, BATCH_OVERHEAD_BYTES, MOST_FRAME_BYTES } from "./profile.ts";
import { Sending } from "./sending.ts";
import { frame, never, WORK } from "./testing/opened.ts";

const most = MOST_FRAME_BYTES + BATCH_OVERHEAD_BYTES;

/** A topic of so many partitions, whose requests are kept. */
function bench(partitions: number, refused: (texts: readonly string[]) => unknown = () => undefined) {
  const requests: (readonly Batch[])[] = [];
  const port = {
    partitions: async (topics: readonly string[]) => new Map(topics.map((topic) => [topic, partitions])),
    produce: async (_: string, batches: readonly Batch[]) => {
      requests.push(batches);
      return batches.map(({ records }) => refused(records.map(({ value }) => String(value))));
    },
  };
  return { requests, sending: new Sending(resolveOptions({ port: port as unknown as KafkaPort })) };
}

describe("a send", () => {
  it.each([
    ["no keys", undefined, 900, 1],
    ["short keys", "k", 900, 1],
    ["long keys", "k".repeat(200), 900, 2],
    ["longer keys", "k".repeat(900), 800, 2],
    ["keys of several bytes a character", "日".repeat(850), 300, 3],
  ])(
    "with %s is as many batches as it needs, each within the limit of a topic, in order",
    async (_, key, bytes, count) => {
      const { requests, sending } = bench(1);
      const all = Array.from({ length: BATCH_FRAMES }, (_, at) => frame(String(at).padStart(bytes, "0"), { key }));
      expect(new Set(await sending.send(WORK, all, never))).toEqual(new Set(["ok"]));
      for (const batches of requests) {
        expect(batches).toHaveLength(1);
        for (const batch of batches) expect(new RecordBatch(batch).bytes).toBeLessThanOrEqual(most);
      }
      const values = requests.flat().flatMap(({ records }) => records.map(({ value }) => Number(String(value))));
      expect(values).toEqual(all.map((_, at) => at));
      expect(requests).toHaveLength(count);
    },
  );

  it("tells of each frame what became of it, whichever batch it was in", async () => {
    const { sending } = bench(1, (texts) => (texts.includes("last") ? "no" : undefined));
    const key = "k".repeat(MOST_FRAME_BYTES / 2);
    const all = ["first", "second", "last"].map((text) => frame(text, { key }));
    expect(await sending.send(WORK, all, never)).toEqual(["ok", "ok", { failed: "no" }]);
    await expect(sending.send(WORK, all.slice(2), never)).rejects.toBe("no");
  });
});
