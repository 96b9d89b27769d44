import { VirtualClock } from "@org/dispatch-core";
import type { Queue } from "@org/dispatch-core/contract";
import { memory } from "@org/dispatch-core/memory";
import { expect, it } from "vitest";
import { frameOf, never, textsOf } from "../world/bare.ts";
import { withFacts } from "./facts.ts";
import { type ReorderOptions, reorder } from "./reorder.ts";

const WORK: Queue = { role: "work", name: "normal", of: "q" };
const texts = Array.from({ length: 20 }, (_, index) => String(index));

const orderOf = async (options: ReorderOptions, sendDelayMs = 1_000) => {
  const clock = new VirtualClock();
  const backend = reorder(withFacts(memory(), { sendDelayMs }), options);
  await backend.open({ receive: [WORK], send: [], create: true, leaseMs: 1_000, clock }, never);
  for (const text of texts) await backend.send(WORK, [frameOf(text)], never);
  const got: string[] = [];
  const read = async () =>
    got.push(...textsOf(await backend.receive(WORK, { max: 100, waitMs: 0, leaseMs: 60_000 }, never)));
  await read();
  const atOnce = got.length;
  for (let ms = 0; ms < 60; ms += 1) {
    await clock.advance(1);
    await read();
  }
  return { got, atOnce, backend };
};

it("delivers in another order, late ones too, and loses nothing", async () => {
  const { got, atOnce, backend } = await orderOf({});
  expect(got).not.toEqual(texts);
  expect([...got].sort()).toEqual([...texts].sort());
  expect(atOnce).toBeLessThan(texts.length);
  expect(backend.profile).toMatchObject({ order: "none", limits: { delayPrecisionMs: 51 } });
});

it("repeats itself for a seed, and not for another", async () => {
  const [one, same, other] = await Promise.all(["a", "a", "b"].map((seed) => orderOf({ seed })));
  expect(one?.got).toEqual(same?.got);
  expect(one?.got).not.toEqual(other?.got);
});

it("shuffles what one receive brings where the broker cannot delay, and leaves other queues alone", async () => {
  const { got, atOnce } = await orderOf({}, 0);
  expect([atOnce, got.length]).toEqual([20, 20]);
  expect(got).not.toEqual(texts);
  expect((await orderOf({ which: ({ role }) => role === "reply" })).got).toEqual(texts);
});
