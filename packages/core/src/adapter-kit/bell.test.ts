import { expect, it } from "vitest";
import { VirtualClock } from "../clock.ts";
import { Bell } from "./bell.ts";

const never = new AbortController().signal;

function setUp() {
  const clock = new VirtualClock();
  const told: string[] = [];
  let listening: PromiseWithResolvers<boolean> | undefined;
  const bell = new Bell({
    clock,
    listen: () => {
      told.push("listen");
      listening = Promise.withResolvers<boolean>();
      return listening.promise;
    },
    unheard: () => told.push("unheard"),
  });
  const wait = async (name: string, ms: number, signal = never) => {
    await bell.wait(ms, signal).then(
      () => told.push(`${name} at ${clock.now()}`),
      (error: Error) => told.push(`${name} ${error.message}`),
    );
  };
  return { clock, told, bell, wait, listened: () => listening as PromiseWithResolvers<boolean> };
}

it("wakes all who wait when it is rung, and listens once for all of them", async () => {
  const { clock, told, wait, listened } = setUp();
  const waiting = [wait("a", 1_000), wait("b", 2_000)];
  await clock.advance(10);
  listened().resolve(true);
  await Promise.all(waiting);
  expect(told).toEqual(["listen", "a at 10", "b at 10"]);
});

it("wakes each after its own time, and all when a listening ends", async () => {
  const { clock, told, wait, listened } = setUp();
  const waiting = [wait("a", 5), wait("b", 2_000)];
  await clock.advance(10);
  expect(told).toEqual(["listen", "a at 5"]);
  listened().resolve(false);
  await Promise.all(waiting);
  expect(told).toEqual(["listen", "a at 5", "b at 10"]);
});

it("goes on listening for who waits again, and stops when nobody does", async () => {
  const { clock, told, wait, listened } = setUp();
  const first = wait("a", 1_000);
  listened().resolve(true);
  await first;
  const second = wait("a", 1_000);
  await clock.advance(1);
  expect(told.filter((each) => each === "listen")).toHaveLength(2);
  listened().resolve(false);
  await second;
  await clock.advance(10);
  expect(told.filter((each) => each === "listen")).toHaveLength(2);
});

it("passes a ring on that nobody hears any more", async () => {
  const { clock, told, wait, listened } = setUp();
  const controller = new AbortController();
  const waiting = wait("a", 1_000, controller.signal);
  controller.abort();
  await waiting;
  listened().resolve(true);
  await clock.advance(1);
  expect(told).toEqual(["listen", "a at 0", "unheard"]);
});

it("fails who waits with what the listening has thrown, and listens anew for the next", async () => {
  const { told, wait, listened } = setUp();
  const waiting = wait("a", 1_000);
  listened().reject(new Error("cut"));
  await waiting;
  const next = wait("b", 1_000);
  listened().resolve(true);
  await next;
  expect(told).toEqual(["listen", "a cut", "listen", "b at 0"]);
});

it("lets nobody wait who asks for no time, whose signal has fired, or after its end", async () => {
  const { told, bell, wait } = setUp();
  await wait("a", 0);
  await wait("b", 1_000, AbortSignal.abort());
  const waiting = wait("c", 1_000);
  bell.close();
  await waiting;
  await wait("d", 1_000);
  expect(told).toEqual(["a at 0", "b at 0", "listen", "c at 0", "d at 0"]);
});
