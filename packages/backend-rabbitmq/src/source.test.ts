import { describe, expect, inject, it } from "vitest";
import { frames, never, opened, take, WORK } from "./testing/opened.ts";

const { rabbitmq: newest, rabbitmq310: oldest } = inject("services");

describe.skipIf(newest === undefined || oldest === undefined)("who waits for a place", () => {
  it.each([newest, oldest])("has it when the lease of what had it has run out: $version", async (service) => {
    const backend = await opened({ url: service?.url, prefetchCount: 1 });
    await backend.send(WORK, frames("a", "b"), never);
    expect(await take(backend, { leaseMs: 1_000 })).toHaveLength(1);
    await take(backend, { max: 0 });
    expect(await take(backend, { max: 1, waitMs: 10_000 })).toHaveLength(1);
    await backend.close();
  });
});
