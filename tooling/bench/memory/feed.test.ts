import { expect, test } from "vitest";
import { Feed } from "./feed.ts";

test("gives each value once, whoever comes first", async () => {
  const feed = new Feed<number>();
  feed.push(0);
  feed.push(1);
  expect([await feed.next(), await feed.next()]).toEqual([
    { done: false, value: 0 },
    { done: false, value: 1 },
  ]);
  const third = feed.next();
  feed.push(2);
  expect(await third).toEqual({ done: false, value: 2 });
});
