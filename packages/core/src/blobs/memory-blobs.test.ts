import { describe, expect, it } from "vitest";
import { VirtualClock } from "../clock.ts";
import { memoryBlobs } from "./memory-blobs.ts";
import { blobCases, KEY, keyOf, never, OTHER } from "./testing.ts";

it.each(blobCases)("a blob store $name", ({ run }) => {
  const clock = new VirtualClock();
  return run({ clock, store: memoryBlobs({ clock }) });
});

describe("the memory store", () => {
  it("is bounded: beyond it says slow down, until something is removed", async () => {
    const store = memoryBlobs({ maxBytes: 10 });
    const put = (key: string, bytes: number) => store.put(key, Buffer.alloc(bytes), { expiresAfterMs: 1_000 }, never);
    await put(KEY, 6);
    await expect(put(OTHER, 5)).rejects.toMatchObject({ code: "THROTTLED" });
    await put(KEY, 8);
    await put(OTHER, 2);
    await store.remove(KEY, never);
    await put(keyOf(1), 8);
    expect(await store.get(keyOf(1), never)).toHaveLength(8);
  });

  it("gives the room of what has expired to what comes, a few at a time", async () => {
    const clock = new VirtualClock();
    const store = memoryBlobs({ maxBytes: 1_000, clock });
    const put = (key: string) => store.put(key, Buffer.alloc(10), { expiresAfterMs: 1_000 }, never);
    for (let number = 0; number < 100; number += 1) await put(keyOf(number));
    await expect(put(KEY)).rejects.toMatchObject({ code: "THROTTLED" });
    await clock.advance(1_000);
    for (let number = 100; number < 200; number += 1) await put(keyOf(number)).catch(() => put(keyOf(number)));
    expect(await store.get(keyOf(199), never)).toHaveLength(10);
  });

  it.each([[{ maxBytes: 0 }], [{ maxByte: 1 }], [{ clock: {} }]])("refuses %j", (options) => {
    expect(() => memoryBlobs(options as never)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });
});
