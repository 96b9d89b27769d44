import { setTimeout as sleep } from "node:timers/promises";
import { defineTask, Worker } from "@org/dispatch-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sqs } from "./index.ts";
import { PlayedServer } from "./testing/played.ts";

// What a worker costs that has nothing to do.
const server = new PlayedServer();
beforeAll(() => server.listen());
afterAll(() => server.close());

/** A poll of 20 s takes so long here. */
const POLL_MS = 400;
const POLLS = 4;

it("an idle worker has one long poll of 20 s on each of its queues, and asks for nothing else", async () => {
  const polling = new Map<unknown, number>();
  server.play({
    async ReceiveMessage({ QueueUrl }) {
      polling.set(QueueUrl, (polling.get(QueueUrl) ?? 0) + 1);
      expect(polling.get(QueueUrl), "two polls of a queue at a time").toBe(1);
      await sleep(POLL_MS);
      polling.set(QueueUrl, 0);
      return {};
    },
  });
  await using backend = sqs({ url: PlayedServer.url });
  const worker = await Worker.start(backend, defineTask({ name: "default", handler: async () => {} }));
  server.requests.length = 0;
  await sleep(POLL_MS * (POLLS - 0.5));
  const requests = [...server.requests];
  const stopped = worker.stop();
  expect(new Set(requests.map(({ action }) => action))).toEqual(new Set(["ReceiveMessage"]));
  const byQueue = Map.groupBy(requests, ({ body }) => String(body.QueueUrl).split("/").at(-1));
  const names = ["dispatch-default-high", "dispatch-default", "dispatch-default-low", "dispatch-default-later"];
  expect([...byQueue.keys()].sort()).toEqual(names.sort());
  for (const polls of byQueue.values()) {
    expect(polls.length).toBeLessThanOrEqual(POLLS);
    expect(new Set(polls.map(({ body }) => body.WaitTimeSeconds))).toEqual(new Set([20]));
  }
  await stopped;
});
