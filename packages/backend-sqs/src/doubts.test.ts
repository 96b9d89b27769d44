import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type SqsBackend, sqs } from "./index.ts";
import { open } from "./testing/opened.ts";
import { PlayedServer } from "./testing/played.ts";

const server = new PlayedServer();
let backend: SqsBackend;

beforeAll(() => server.listen());
afterAll(() => server.close());
afterEach(() => backend.close());

const net = (maxReceiveCount: unknown) => ({ RedrivePolicy: JSON.stringify({ maxReceiveCount }) });

it.each<[string, object, string | undefined]>([
  ["nothing", {}, undefined],
  ["four days of retention", { MessageRetentionPeriod: "345600" }, "keeps a message for 345600 s"],
  ["a delay of its own", { DelaySeconds: "5" }, "delays each message by 5 s (DelaySeconds)"],
  ["no delay", { DelaySeconds: "0" }, undefined],
  ["a net that is near", net(3), "moved away after 3 receives (RedrivePolicy)"],
  ["a net that is near, as text", net("3"), "moved away after 3 receives (RedrivePolicy)"],
  ["a net that is far", net(100), undefined],
  ["a net that nobody can read", { RedrivePolicy: "{" }, undefined],
])("a queue that says %s", async (_, attributes, detail) => {
  server.play({
    GetQueueAttributes: ({ QueueUrl, AttributeNames }) => {
      const isAsked = Object.keys(attributes).every((name) => (AttributeNames as string[]).includes(name));
      return { Attributes: isAsked && String(QueueUrl).endsWith("-default") ? attributes : {} };
    },
  });
  backend = sqs({ url: PlayedServer.url, longPollingMs: 1_000 });
  const doubts = detail === undefined ? [] : [{ code: "MISMATCH", detail: expect.stringContaining(detail) }];
  expect(await open(backend)).toEqual(doubts);
});
