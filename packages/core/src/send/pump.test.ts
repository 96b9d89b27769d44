import { getEventListeners } from "node:events";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { type PumpPort, pump } from "./pump.ts";

class Sink implements PumpPort<unknown> {
  readonly taken: unknown[] = [];
  readonly stop = new AbortController();
  /** So many may be taken before room has to be waited for. */
  left = Number.POSITIVE_INFINITY;
  #wake: (() => void) | undefined;

  room(): Promise<void> | undefined {
    if (this.left > 0) return undefined;
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  take(input: unknown, index: number): void {
    this.left -= 1;
    this.taken.push(input);
    expect(index).toBe(this.taken.length - 1);
    if (this.taken.length > 100_000) throw new Error("this test took more than it should");
  }

  give(more: number): void {
    this.left += more;
    this.#wake?.();
  }

  pump(inputs: Iterable<unknown> | AsyncIterable<unknown>): Promise<void> {
    return pump(inputs, this, this.stop.signal);
  }
}

const soon = () => new Promise<void>((resolve) => setImmediate(resolve));

async function* later(...values: unknown[]) {
  for (const value of values) yield await Promise.resolve(value);
}

describe("pump", () => {
  it.each([
    ["a list", ["a", "b"]],
    ["a set", new Set(["a", "b"])],
    ["a text", "ab"],
    ["an async generator", later("a", "b")],
    ["a function that can be iterated", Object.assign(() => {}, { [Symbol.asyncIterator]: () => later("a", "b") })],
    ["both: the async one", { ...["x"], [Symbol.asyncIterator]: () => later("a", "b") }],
  ])("reads to the end: %s", async (_, inputs) => {
    const sink = new Sink();
    await sink.pump(inputs as Iterable<unknown>);
    expect(sink.taken).toEqual(["a", "b"]);
  });

  it("reads an async iterator whose promises are not this realm's own", async () => {
    const values = ["a", "b"];
    // As under Jest, whose tests see another Promise than Node's own streams use.
    const Foreign = runInNewContext("Promise") as PromiseConstructor;
    const next = () => {
      const value = values.shift();
      return Foreign.resolve(value === undefined ? { done: true, value: undefined } : { done: false, value });
    };
    const sink = new Sink();
    await sink.pump({ [Symbol.asyncIterator]: () => ({ next }) } as never);
    expect(sink.taken).toEqual(["a", "b"]);
  });

  it("takes a step that is there at once from an async iterator, as for await does", async () => {
    const values = ["a", "b"];
    const next = () => ({ done: values.length === 0, value: values.shift() });
    const sink = new Sink();
    await sink.pump({ [Symbol.asyncIterator]: () => ({ next }) } as never);
    expect(sink.taken).toEqual(["a", "b"]);
  });

  it("awaits the promises of a list, one after the other, as for await does; not those that an async iterator gives", async () => {
    const sink = new Sink();
    const slow = soon().then(() => "a");
    await sink.pump([slow, "b", Promise.resolve("c"), undefined, null]);
    expect(sink.taken).toEqual(["a", "b", "c", undefined, null]);
    const other = new Sink();
    const given = Promise.resolve("a");
    const steps = [{ done: false, value: given }, { done: true }];
    await other.pump({ [Symbol.asyncIterator]: () => ({ next: async () => steps.shift() }) } as never);
    expect(other.taken).toEqual([given]);
  });

  it("a promise of a list that is rejected is a fault of the source, which is told that no more is wanted", async () => {
    const sink = new Sink();
    let closed = false;
    function* inputs() {
      try {
        yield 1;
        yield Promise.reject(new Error("boom"));
        yield 3;
      } finally {
        closed = true;
      }
    }
    await expect(sink.pump(inputs())).rejects.toThrow("boom");
    expect([sink.taken, closed]).toEqual([[1], true]);
  });

  it("does not wait for a promise of a list once it is stopped", async () => {
    const sink = new Sink();
    let closed = false;
    function* inputs() {
      try {
        yield new Promise(() => {});
      } finally {
        closed = true;
      }
    }
    const done = sink.pump(inputs());
    await soon();
    sink.stop.abort();
    await done;
    expect([sink.taken, closed]).toEqual([[], true]);
  });

  it("takes only as much as there is room for", async () => {
    const sink = new Sink();
    let read = 0;
    function* inputs() {
      for (;;) yield read++;
    }
    sink.left = 2;
    const done = sink.pump(inputs());
    await soon();
    expect([sink.taken.length, read]).toEqual([2, 2]);
    sink.give(3);
    await soon();
    expect([sink.taken.length, read]).toEqual([5, 5]);
    sink.stop.abort();
    await done;
    expect(sink.taken).toHaveLength(5);
  });

  it.each<[string, () => Iterable<unknown> | AsyncIterable<unknown>]>([
    ["at once", () => ({ [Symbol.iterator]: () => { throw new Error("boom"); } })], // biome-ignore format: one line each
    ["a generator", function* () { yield 1; throw new Error("boom"); }], // biome-ignore format: one line each
    ["an async generator", async function* () { yield 1; throw new Error("boom"); }], // biome-ignore format: one line each
    ["what is no iterable", () => 5 as never],
  ])("throws what the source throws: %s", async (name, make) => {
    const failing = new Sink().pump(make());
    await expect(failing).rejects.toThrow(name === "what is no iterable" ? TypeError : "boom");
  });

  it.each<[string, unknown]>([
    ["undefined, at once", { [Symbol.iterator]: () => ({ next: () => undefined }) }],
    ["null, at once", { [Symbol.iterator]: () => ({ next: () => null }) }],
    ["undefined, later", { [Symbol.asyncIterator]: () => ({ next: async () => undefined }) }],
    ["a number, later", { [Symbol.asyncIterator]: () => ({ next: async () => 5 }) }],
  ])("takes a step that is no object for a fault of the source, not for its end: %s", async (_, inputs) => {
    await expect(new Sink().pump(inputs as Iterable<unknown>)).rejects.toThrow(TypeError);
  });

  it.each([undefined, null])("throws what the source throws, also where that is %s", async (thrown) => {
    async function* inputs() {
      yield 1;
      throw thrown;
    }
    await expect(new Sink().pump(inputs())).rejects.toBe(thrown);
  });

  it("stops a source that never answers without waiting for it, and tells it", async () => {
    const sink = new Sink();
    let told = false;
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: () => {
          told = true;
          return new Promise<never>(() => {});
        },
      }),
    };
    const done = sink.pump(source);
    await soon();
    sink.stop.abort();
    await done;
    expect([sink.taken, told]).toEqual([[], true]);
  });

  it("an async source that stops the run and then never answers is not waited for", async () => {
    const sink = new Sink();
    const next = () => {
      sink.stop.abort();
      return new Promise<never>(() => {});
    };
    const done = sink.pump({ [Symbol.asyncIterator]: () => ({ next }) });
    const late = soon().then(() => "it still waits");
    expect(await Promise.race([done, late])).toBeUndefined();
  });

  it("closes a generator that is stopped early", async () => {
    const sink = new Sink();
    let closed = false;
    async function* inputs() {
      try {
        for (;;) yield await Promise.resolve(1);
      } finally {
        closed = true;
      }
    }
    sink.left = 3;
    const done = sink.pump(inputs());
    await soon();
    sink.stop.abort();
    await done;
    await soon();
    expect([sink.taken.length, closed]).toEqual([3, true]);
  });

  it("does not close a source that ended by itself", async () => {
    let told = false;
    const values = [1];
    const iterator = {
      next: () => (values.length > 0 ? { done: false, value: values.pop() } : { done: true, value: undefined }),
      return: () => {
        told = true;
        return { done: true, value: undefined };
      },
    };
    await new Sink().pump({ [Symbol.iterator]: () => iterator } as never);
    expect(told).toBe(false);
  });

  it.each<[string, (stop: AbortController) => Iterable<unknown> | AsyncIterable<unknown>]>([
    ["before it begins", (stop) => { stop.abort(); return [1]; }], // biome-ignore format: one line each
    ["by the source itself", function* (stop) { stop.abort(); yield 1; }], // biome-ignore format: one line each
    ["by an async source itself", async function* (stop) { stop.abort(); yield 1; }], // biome-ignore format: one line each
  ])("takes nothing once it was stopped: %s", async (_, make) => {
    const sink = new Sink();
    await sink.pump(make(sink.stop));
    expect(sink.taken).toEqual([]);
  });

  const fail = () => {
    throw new Error("late");
  };
  it.each<[string, object]>([
    ["at once", { [Symbol.iterator]: () => ({ next: () => ({ done: false, value: 1 }), return: fail }) }],
    [
      "later",
      { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 1 }), return: async () => fail() }) },
    ],
  ])("what a source throws when it is told to stop is not wanted: %s", async (_, inputs) => {
    const sink = new Sink();
    sink.left = 2;
    const done = sink.pump(inputs as Iterable<unknown>);
    await soon();
    sink.stop.abort();
    await expect(done).resolves.toBeUndefined();
  });

  it("a source that fails after it was stopped is not heard", async () => {
    const sink = new Sink();
    let fail!: (error: Error) => void;
    const source = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>((_resolve, reject) => (fail = reject)) }),
    };
    const done = sink.pump(source);
    await soon();
    sink.stop.abort();
    await done;
    fail(new Error("too late"));
    await soon();
  });

  it("leaves no listener behind, after 10,000 inputs and as many waits for room", async () => {
    const sink = new Sink();
    sink.left = 1;
    let most = 0;
    async function* inputs() {
      for (let index = 0; index < 10_000; index += 1) {
        most = Math.max(most, getEventListeners(sink.stop.signal, "abort").length);
        yield index;
        if (sink.left < 1) queueMicrotask(() => sink.give(1));
      }
    }
    const feed = setInterval(() => sink.give(1), 0);
    const done = sink.pump(inputs());
    while (sink.taken.length < 10_000) {
      sink.give(1);
      await Promise.resolve();
    }
    await done;
    clearInterval(feed);
    expect(sink.taken).toHaveLength(10_000);
    expect(most).toBeLessThanOrEqual(1);
    expect(getEventListeners(sink.stop.signal, "abort")).toEqual([]);
  });
});
