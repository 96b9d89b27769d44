import { VirtualClock } from "@org/dispatch-core";
import { describe, expect, it } from "vitest";
import { ChannelLife } from "./channel-life.ts";
import type { RabbitReceipt } from "./receipt.ts";
import { WORK } from "./testing/opened.ts";
import { PlayedChannel } from "./testing/played-channel.ts";

const never = new AbortController().signal;

function live(ready: number, countsCancelled = true) {
  const clock = new VirtualClock();
  const channel = new PlayedChannel(clock, ready);
  const receipts: RabbitReceipt[] = [];
  const ends: unknown[] = [];
  const wanted = { frames: 0, stands: true };
  const life = new ChannelLife(channel.asChannel, {
    queue: WORK,
    queueName: "work",
    clock,
    prefetchCount: 1_000,
    isFlagged: false,
    countsCancelled,
    wanted: () => wanted,
    arrived: (receipt) => receipts.push(receipt),
    expired: () => {},
    over: (reason) => ends.push(reason),
  });
  const want = (frames: number, stands = true) => {
    Object.assign(wanted, { frames, stands });
    void life.want(frames);
  };
  /** Resolved to when it is done, in ms. */
  const stop = () => life.stop(never).then(() => clock.now());
  return { clock, channel, receipts, ends, life, want, stop };
}

describe("consumers, where what is on its way at a cancel counts", () => {
  it.each([
    ["is as long as that", 20, 20],
    ["is longer than that", 500, 100],
    ["is empty", 0, 1],
  ])("are for what is there: of 100 that are wanted, the queue %s", async (_, ready, prefetch) => {
    const { clock, channel, want } = live(ready);
    want(100);
    await clock.advance(50);
    expect(channel.heard[0]).toBe(`consume ${prefetch}`);
  });

  it("are not for what may come, where only what is there is asked for, or nothing any more", async () => {
    const { clock, channel, want } = live(0);
    want(100, false);
    await clock.advance(50);
    want(100);
    want(0);
    await clock.advance(50);
    expect(channel.heard).toEqual([]);
  });

  it("are cancelled as soon as they have filled, where nothing may be left for them; acks are held back so long", async () => {
    const { clock, channel, receipts, life, want } = live(20);
    want(100);
    await clock.advance(8);
    expect(receipts).toHaveLength(20);
    life.ack(receipts);
    channel.send(50);
    await clock.advance(50);
    expect(channel.heard).toEqual(["consume 20", "cancel", "ack up to 20"]);
    expect([channel.counted, channel.ready]).toEqual([0, 50]);
  });

  it("are kept where there is plenty: acks bring more", async () => {
    const { clock, channel, receipts, life, want } = live(500);
    want(100);
    await clock.advance(50);
    life.ack(receipts.slice(0, 60));
    await clock.advance(50);
    expect(channel.heard).toEqual(["consume 100", "ack up to 60"]);
    expect(receipts).toHaveLength(160);
  });

  it("are cancelled at once where they are full; what is acked then opens nothing", async () => {
    const { clock, channel, receipts, life, want, stop } = live(500);
    want(100);
    await clock.advance(50);
    const stopped = stop();
    life.ack(receipts);
    await clock.advance(10);
    expect([await stopped, channel.counted, channel.ready]).toEqual([54, 0, 400]);
    expect(channel.heard).toEqual(["consume 100", "cancel", "ack up to 100"]);
  });

  it("are waited for where acks have just opened them, without any more acks", async () => {
    const { clock, channel, receipts, life, want, stop } = live(500);
    want(100);
    await clock.advance(50);
    life.ack(receipts.slice(0, 40));
    const stopped = stop();
    life.ack(receipts.slice(40, 50));
    await clock.advance(50);
    expect(await stopped).toBeLessThan(70);
    expect([channel.counted, receipts.length]).toEqual([0, 140]);
    expect(channel.heard).toEqual(["consume 100", "ack up to 40", "cancel", "ack up to 50"]);
  });

  it("are cancelled where the queue is empty, and has brought nothing for a while", async () => {
    const { clock, channel, want, stop } = live(0);
    want(100);
    await clock.advance(500);
    const stopped = stop();
    await clock.advance(20);
    // Looked, and cancelled.
    expect(await stopped).toBe(508);
    expect(channel.heard).toEqual(["consume 1", "cancel"]);
  });

  it("take no more than one of many that come just when they are to be cancelled", async () => {
    const { clock, channel, receipts, want, stop } = live(0);
    want(100);
    await clock.advance(500);
    const stopped = stop();
    channel.send(11);
    await clock.advance(200);
    await stopped;
    expect([channel.counted, receipts.length, channel.ready]).toEqual([0, 1, 10]);
  });

  it("are cancelled after a second at the latest", async () => {
    const { clock, channel, receipts, life, want, stop } = live(300);
    want(100);
    await clock.advance(20);
    // Others take what is there; now and then something comes.
    channel.ready = 0;
    life.ack(receipts);
    const stopped = stop();
    for (let at = 0; at < 1_200; at += 20) {
      channel.send(1);
      await clock.advance(20);
    }
    const stoppedMs = await stopped;
    expect(stoppedMs).toBeGreaterThanOrEqual(1_020);
    expect(stoppedMs).toBeLessThan(1_050);
    // Only what was on its way at that moment may count.
    expect(channel.counted).toBeLessThanOrEqual(1);
  });

  it("let nobody wait for them when their channel ends", async () => {
    const { clock, channel, receipts, ends, life, want, stop } = live(300);
    want(100);
    await clock.advance(20);
    channel.ready = 0;
    life.ack(receipts);
    const stopped = stop();
    await clock.advance(10);
    life.ack(receipts.slice(0, 1));
    life.end(new Error("gone"), false);
    await clock.advance(10);
    expect(await stopped).toBeLessThan(50);
    expect(channel.heard).toEqual(["consume 100", "ack up to 100"]);
    expect(ends).toHaveLength(1);
  });
});

describe("consumers, where nothing but losses counts", () => {
  it("are for all that is wanted, and cancelled at once", async () => {
    const { clock, channel, want, stop } = live(0, false);
    want(100);
    await clock.advance(50);
    channel.send(10);
    const stopped = stop();
    await clock.advance(10);
    expect(await stopped).toBe(54);
    expect(channel.heard).toEqual(["consume 100", "cancel"]);
  });

  it("are made one where they are many", async () => {
    const { clock, channel, want } = live(0, false);
    for (let wanted = 1; wanted <= 17; wanted += 1) want(wanted);
    await clock.advance(50);
    expect(channel.heard.filter((one) => one === "cancel")).toHaveLength(16);
    expect(channel.heard).toContain("consume 17");
  });
});
