import { describe, expect, it } from "vitest";
import { type SizedBatch, TopicWriter } from "./topic-writer.ts";

const never = new AbortController().signal;

function batch(partition: number, ...texts: readonly string[]): SizedBatch {
  return {
    partition,
    records: texts.map((text) => ({ key: null, value: Buffer.from(text) })),
    bytes: texts.join("").length,
  };
}

/** A writer whose requests are answered one by one, by the test. */
function bench(limits = { batchBytes: 10, batchRecords: 3 }) {
  const requests: { readonly texts: Record<number, string[]>; answer(failures?: readonly unknown[]): void; fail(error: unknown): void }[] = []; // biome-ignore format: one line
  const writer = new TopicWriter({
    ...limits,
    produce: (batches) =>
      new Promise((resolve, reject) => {
        const texts = Object.fromEntries(batches.map(({ partition, records }) => [partition, records.map(({ value }) => String(value))])); // biome-ignore format: one line
        requests.push({ texts, answer: (failures = batches.map(() => undefined)) => resolve(failures), fail: reject });
      }),
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const answer = async (at: number, failures?: readonly unknown[]) => {
    requests[at]?.answer(failures);
    await turn();
  };
  return { writer, requests, turn, answer };
}

describe("writing to a topic", () => {
  it("takes what is written in one turn along, and what is written during a request into the next", async () => {
    const { writer, requests, turn, answer } = bench();
    const [a, b] = [writer.write([batch(0, "a")], never), writer.write([batch(0, "b"), batch(1, "c")], never)];
    await turn();
    const later = [writer.write([batch(1, "d")], never), writer.write([batch(1, "e"), batch(2, "f")], never)];
    await turn();
    expect(requests.map(({ texts }) => texts)).toEqual([{ 0: ["a", "b"], 1: ["c"] }]);
    await answer(0);
    expect([await a, await b]).toEqual([[undefined], [undefined, undefined]]);
    expect(requests[1]?.texts).toEqual({ 1: ["d", "e"], 2: ["f"] });
    await answer(1);
    expect(await Promise.all(later)).toEqual([[undefined], [undefined, undefined]]);
    expect(requests).toHaveLength(2);
  });

  it("tells each call what became of its own partitions", async () => {
    const { writer, turn, answer } = bench();
    const [a, b] = [writer.write([batch(0, "a")], never), writer.write([batch(1, "b"), batch(0, "c")], never)];
    await turn();
    await answer(0, ["no", undefined]);
    expect([await a, await b]).toEqual([["no"], [undefined, "no"]]);
  });

  it("fails all calls of a request that fails, and goes on with the next", async () => {
    const { writer, requests, turn, answer } = bench();
    const first = [writer.write([batch(0, "a")], never), writer.write([batch(1, "b")], never)];
    const failed = Promise.allSettled(first);
    await turn();
    const next = writer.write([batch(0, "c")], never);
    requests[0]?.fail("away");
    expect(await failed).toEqual(first.map(() => ({ status: "rejected", reason: "away" })));
    await turn();
    expect(requests[1]?.texts).toEqual({ 0: ["c"] });
    await answer(1);
    expect(await next).toEqual([undefined]);
  });

  it.each([
    ["bytes", ["12345", "678901"], ["x"]],
    ["records", ["1", "2"], ["3", "4"]],
  ])("keeps a batch within its %s, and the order of the calls", async (_, one, other) => {
    const { writer, requests, turn, answer } = bench({ batchBytes: 11, batchRecords: 3 });
    void writer.write([batch(0, ...one)], never);
    void writer.write([batch(0, ...other)], never);
    void writer.write([batch(1, "z")], never);
    await turn();
    expect(requests[0]?.texts).toEqual({ 0: one });
    await answer(0);
    expect(requests[1]?.texts).toEqual({ 0: other, 1: ["z"] });
  });

  it("does not begin what was given up meanwhile", async () => {
    const { writer, requests, turn, answer } = bench();
    void writer.write([batch(0, "a")], never);
    await turn();
    const over = new AbortController();
    const given = expect(writer.write([batch(0, "b")], over.signal)).rejects.toBe("too late");
    const kept = writer.write([batch(0, "c")], never);
    over.abort("too late");
    await answer(0);
    await given;
    expect(requests[1]?.texts).toEqual({ 0: ["c"] });
    await answer(1);
    expect(await kept).toEqual([undefined]);
    const alone = writer.write([batch(0, "d")], over.signal);
    await expect(alone).rejects.toBe("too late");
    expect(requests).toHaveLength(2);
  });
});
