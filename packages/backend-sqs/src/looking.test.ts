import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SqsBackend } from "./index.ts";
import { DEAD, never, refusal, textsOf } from "./testing/opened.ts";
import { PlayedServer } from "./testing/played.ts";
import { type Stocked, stocked } from "./testing/stocked.ts";

const server = new PlayedServer();
let backend: SqsBackend;

beforeAll(() => server.listen());
afterAll(() => server.close());
afterEach(() => backend.close());

async function filled(count: number, requestMs: number): Promise<Stocked> {
  const found = await stocked(server, count, requestMs);
  backend = found.backend;
  return found.stock;
}

/** What a look sees, whose caller takes so long with each page. */
async function look(stock: Stocked, pauseMs = 0): Promise<string[]> {
  const texts: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await backend.browse(DEAD, { cursor, max: 100 }, never);
    texts.push(...textsOf(page.frames));
    cursor = page.cursor;
    stock.nowMs += pauseMs;
    if (stock.receives > 1_000) throw new Error("it does not end");
  } while (cursor !== undefined);
  return texts;
}

describe("a look", () => {
  it.each([
    ["is quick", 1_000, 20, 0],
    ["takes longer than it hides at first", 1_000, 1_000, 0],
    ["is so long that some would come again all the time", 4_000, 100, 0],
    ["is held up by its caller", 1_000, 20, 40_000],
  ])("that %s ends, shows each once, and leaves nothing hidden", async (_, count, requestMs, pauseMs) => {
    const stock = await filled(count, requestMs);
    const texts = await look(stock, pauseMs);
    expect([texts.length, new Set(texts).size]).toEqual([count, count]);
    expect(stock.ready).toBe(count);
  });

  it("that is left gives back what it has hidden", async () => {
    const stock = await filled(200, 20);
    const { cursor } = await backend.browse(DEAD, { max: 100 }, never);
    expect(stock.ready).toBe(100);
    expect(await backend.browse(DEAD, { cursor, max: 0 }, never)).toEqual({ frames: [] });
    expect(stock.ready).toBe(200);
    expect(await refusal(backend, backend.browse(DEAD, { cursor, max: 100 }, never))).toBe("MISMATCH");
  });

  it("goes on where a request of it has failed", async () => {
    const stock = await filled(50, 20);
    const first = await backend.browse(DEAD, { max: 20 }, never);
    const { cursor } = first;
    stock.failing.push("ReceiveMessage");
    expect(await refusal(backend, backend.browse(DEAD, { cursor, max: 20 }, never))).toBe("UNAVAILABLE");
    const second = await backend.browse(DEAD, { cursor, max: 20 }, never);
    const third = await backend.browse(DEAD, { cursor: second.cursor, max: 20 }, never);
    expect(third.cursor).toBeUndefined();
    expect(new Set(textsOf([first, second, third].flatMap(({ frames }) => frames))).size).toBe(50);
    expect(stock.ready).toBe(50);
  });
});
