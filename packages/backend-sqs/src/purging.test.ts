import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SqsBackend } from "./index.ts";
import { never, refusal, WORK } from "./testing/opened.ts";
import { PlayedServer } from "./testing/played.ts";
import { stocked } from "./testing/stocked.ts";

const server = new PlayedServer();
let backend: SqsBackend;

beforeAll(() => server.listen());
afterAll(() => server.close());
afterEach(() => backend.close());

describe("a purge", () => {
  it("of more than its time allows for says how far it has come, leaves nothing hidden, and goes on when it is asked again", async () => {
    const { stock, ...opened } = await stocked(server, 1_000, 100);
    backend = opened.backend;
    let removed = 0;
    for (let part = -1; part !== 0; removed += part) {
      const startedMs = stock.nowMs;
      part = await backend.purge(WORK, never);
      expect(stock.nowMs - startedMs).toBeLessThan(8_000);
      expect([stock.ready, stock.messages.length]).toEqual(new Array(2).fill(1_000 - removed - part));
    }
    expect(removed).toBe(1_000);
  });

  it("counts what it has removed although a request fails, and gives back what that one was about", async () => {
    const { stock, ...opened } = await stocked(server, 15, 20);
    backend = opened.backend;
    stock.failing.push("DeleteMessageBatch");
    const first = await backend.purge(WORK, never);
    expect(stock.ready).toBe(15 - first);
    expect(first + (await backend.purge(WORK, never))).toBe(15);
  });

  it("that can remove nothing throws", async () => {
    const { stock, ...opened } = await stocked(server, 5, 20);
    backend = opened.backend;
    stock.failing.push("ReceiveMessage");
    expect(await refusal(backend, backend.purge(WORK, never))).toBe("UNAVAILABLE");
    expect(await backend.purge(WORK, never)).toBe(5);
  });
});
