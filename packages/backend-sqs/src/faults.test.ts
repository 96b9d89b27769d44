import { Dispatcher, systemClock, VirtualClock } from "@org/dispatch-core";
import type { Clock } from "@org/dispatch-core/contract";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type SqsBackend, sqs } from "./index.ts";
import {
  acks,
  codeOf,
  frame,
  frames,
  LEASE_MS,
  never,
  open,
  opened,
  refusal,
  take,
  textsOf,
  WORK,
} from "./testing/opened.ts";
import { type Answer, PlayedError, PlayedServer } from "./testing/played.ts";

// What SQS answers and no emulator does.
const server = new PlayedServer();
let backend: SqsBackend;

beforeAll(() => server.listen());
afterAll(() => server.close());
afterEach(() => backend.close());

async function play(answers: Parameters<PlayedServer["play"]>[0], clock = systemClock()): Promise<void> {
  server.play({});
  backend = await opened({ url: PlayedServer.url }, clock);
  server.play(answers);
}

const message = (text: string, receives = 1) => ({
  Body: text,
  ReceiptHandle: `handle of ${text}`,
  Attributes: { ApproximateReceiveCount: String(receives) },
});

type Held = Awaited<ReturnType<typeof take>>[number];

const holding = async (...texts: string[]) => {
  const brought = [{ Messages: texts.map((text) => message(text)) }];
  await play({ ReceiveMessage: () => brought.shift() ?? {} });
  return take(backend);
};

describe("errors of a whole call", () => {
  it.each([
    [400, "RequestThrottled", "Rate exceeded", "THROTTLED"],
    [400, "ThrottlingException", "Rate exceeded", "THROTTLED"],
    [400, "KmsThrottled", "slow down", "THROTTLED"],
    [403, "OverLimit", "too many in flight", "THROTTLED"],
    [500, "InternalFailure", "we are sorry", "UNAVAILABLE"],
    [503, "ServiceUnavailable", "we are sorry", "UNAVAILABLE"],
    [502, "", "bad gateway", "UNAVAILABLE"],
    [400, "QueueDeletedRecently", "wait 60 seconds", "UNAVAILABLE"],
    [403, "AccessDeniedException", "no identity-based policy allows the action", "DENIED"],
    [400, "UnrecognizedClientException", "The security token is invalid", "DENIED"],
    [403, "ExpiredTokenException", "expired", "DENIED"],
    [400, "KmsAccessDenied", "no", "DENIED"],
    [
      400,
      "InvalidParameterValue",
      "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
      "TOO_LARGE",
    ],
    [400, "BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes", "TOO_LARGE"],
    [400, "InvalidMessageContents", "Invalid binary character", "MISMATCH"],
    [418, "SomethingNew", "?", "MISMATCH"],
  ])("%d %s: %s is %s, and the client asks once", async (status, type, text, code) => {
    await play({ SendMessageBatch: () => new PlayedError(status, type, text) });
    expect(await refusal(backend, backend.send(WORK, frames("a"), never))).toBe(code);
    expect(server.actions()).toEqual(["SendMessageBatch"]);
  });

  // What the older protocol calls it stands beside the name.
  it.each([
    ["KmsDisabled", "KMS.DisabledException", "UNAVAILABLE"],
    ["KmsNotFound", "KMS.NotFoundException", "UNAVAILABLE"],
    ["KmsInvalidState", "KMS.InvalidStateException", "UNAVAILABLE"],
    ["KmsAccessDenied", "KMS.AccessDeniedException", "DENIED"],
    ["KmsOptInRequired", "KMS.OptInRequired", "DENIED"],
    ["KmsThrottled", "KMS.ThrottlingException", "THROTTLED"],
    ["SomethingNew", "AWS.SimpleQueueService.OverLimit", "THROTTLED"],
  ])("%s, alias %s, is %s", async (type, alias, code) => {
    await play({ SendMessageBatch: () => new PlayedError(400, type, "no", alias) });
    expect(await refusal(backend, backend.send(WORK, frames("a"), never))).toBe(code);
  });

  it("where the clock of this machine is off say so once, and the next try is signed by the server's", async () => {
    const offMs = 3_600_000;
    const refuses = ({ headers }: Request) => {
      const [, ...parts] = /^(.{4})(..)(..)T(..)(..)(..)Z$/.exec(headers.get("x-amz-date") ?? "") ?? [];
      const [year, month, day, hour, minute, second] = parts.map(Number) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      const isOff = Math.abs(Date.UTC(year, month - 1, day, hour, minute, second) - Date.now() - offMs) > 300_000;
      return isOff ? new PlayedError(403, "InvalidSignatureException", "Signature expired") : undefined;
    };
    const manner = { refuses, date: () => new Date(Date.now() + offMs) };
    server.play({}, manner);
    backend = sqs({ url: PlayedServer.url });
    expect(await refusal(backend, open(backend))).toBe("UNAVAILABLE");
    expect(await refusal(backend, open(backend))).toBe("ok");
    // Another right that is missing is none of the clock.
    server.play({ SendMessageBatch: () => new PlayedError(403, "AccessDenied", "no") }, manner);
    expect(await refusal(backend, backend.send(WORK, frames("a"), never))).toBe("DENIED");
  });

  it("that credentials could not be had are told at once at the start, and pass where there were some", async () => {
    const none = Object.assign(new Error("Could not load credentials from any providers"), {
      name: "CredentialsProviderError",
    });
    let fails = true;
    const credentials = async () => {
      if (fails) throw none;
      return { accessKeyId: "a", secretAccessKey: "b", expiration: new Date() };
    };
    server.play({});
    backend = sqs({ url: PlayedServer.url, credentials, longPollingMs: 1_000 });
    const dispatcher = Dispatcher.open(backend, { create: true });
    await expect(dispatcher).rejects.toMatchObject({ code: "DENIED", message: expect.stringContaining(none.message) });
    fails = false;
    expect(await refusal(backend, open(backend))).toBe("ok");
    fails = true;
    expect(await refusal(backend, backend.send(WORK, frames("a"), never))).toBe("UNAVAILABLE");
  });

  it("asks once whatever the verb is", async () => {
    const away = () => new PlayedError(500, "InternalFailure", "we are sorry");
    const [held] = await holding("a");
    if (held === undefined) throw new Error("nothing came");
    const all = ["ReceiveMessage", "SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"];
    server.play(Object.fromEntries([...all, "GetQueueAttributes", "DeleteQueue"].map((action) => [action, away])));
    const calls = [
      backend.send(WORK, frames("a"), never),
      take(backend),
      backend.renew([held.receipt], LEASE_MS, never),
      backend.settle(acks(held), never),
      backend.depth(WORK, never),
      backend.remove(WORK, never),
    ];
    for (const call of calls) expect(await refusal(backend, call)).toBe("UNAVAILABLE");
    expect(server.actions().sort()).toEqual([...all, "DeleteQueue", "GetQueueAttributes"].sort());
    server.play({});
  });

  it("names the right that is missing", async () => {
    await play({ SendMessageBatch: () => new PlayedError(403, "AccessDeniedException", "Access is denied") });
    const error = await backend.send(WORK, frames("a"), never).catch((thrown: unknown) => thrown);
    expect(backend.classify(error)).toMatchObject({
      code: "DENIED",
      detail: expect.stringContaining("sqs:SendMessageBatch"),
    });
  });

  it.each<[string, (held: Held) => Promise<unknown>]>([
    ["ReceiveMessage", () => take(backend)],
    ["ChangeMessageVisibilityBatch", (held) => backend.renew([held.receipt], LEASE_MS, never)],
    ["DeleteMessageBatch", (held) => backend.settle(acks(held), never)],
    ["GetQueueAttributes", () => backend.depth(WORK, never)],
    ["DeleteQueue", () => backend.remove(WORK, never)],
    ["GetQueueUrl", () => open(backend)],
    ["CreateQueue", () => open(backend)],
  ])("names sqs:%s where that right is missing", async (action, call) => {
    const [held] = await holding("a");
    const refuses = () => new PlayedError(403, "AccessDeniedException", "Access is denied");
    const gone = () => new PlayedError(400, "QueueDoesNotExist", "there is none");
    server.play({ ...(action === "CreateQueue" && { GetQueueUrl: gone }), [action]: refuses });
    if (action === "GetQueueUrl" || action === "CreateQueue") {
      await backend.close();
      backend = sqs({ url: PlayedServer.url });
    }
    const error = await call(held as Held).catch((thrown: unknown) => thrown);
    const detail = expect.stringContaining(`sqs:${action}`);
    expect(backend.classify(error)).toMatchObject({ code: "DENIED", detail });
    server.play({});
  });

  it("asks once where the answer is lost after the server took the batch, and core once more", async () => {
    const bodies: unknown[] = [];
    const answers: Answer[] = ["lost", "lost"];
    await play({
      SendMessageBatch({ Entries }) {
        bodies.push(...(Entries as { MessageBody: string }[]).map(({ MessageBody }) => MessageBody));
        return answers.shift() ?? { Successful: [{ Id: "0" }] };
      },
    });
    expect(await refusal(backend, backend.send(WORK, frames("a"), never))).toBe("UNAVAILABLE");
    expect(bodies).toEqual(["a"]);
    const dispatcher = await Dispatcher.open(backend);
    expect(await dispatcher.send("default", "payload")).toMatchObject({ duplicate: false });
    expect([bodies.length, new Set(bodies).size]).toEqual([3, 2]);
    await dispatcher.close();
  });

  it("ends by its signal, or a poll by its own bound, where an answer never comes", async () => {
    const silent = () => new Promise<Answer>(() => {});
    const [held] = await holding("a");
    if (held === undefined) throw new Error("nothing came");
    const actions = ["SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch", "ReceiveMessage"];
    server.play(Object.fromEntries(actions.map((action) => [action, silent])));
    const soon = () => AbortSignal.timeout(200);
    const calls = [
      backend.send(WORK, frames("b"), soon()),
      backend.settle(acks(held), soon()),
      backend.renew([held.receipt], LEASE_MS, soon()),
      take(backend, { waitMs: 0 }),
    ];
    for (const call of calls) expect(await refusal(backend, call)).toBe("TIMED_OUT");
    expect(server.actions().sort()).toEqual(actions.sort());
    server.play({});
  }, 15_000);

  it("ends every verb and the end by their time where a refresh of the credentials never comes", async () => {
    let answers = true;
    // What is about to expire is asked for anew before each request.
    const lasting = async () => ({ accessKeyId: "a", secretAccessKey: "b", expiration: new Date() });
    const credentials = () => (answers ? lasting() : new Promise<never>(() => {}));
    server.play({ ReceiveMessage: () => ({ Messages: [message("a")] }) });
    backend = await opened({ url: PlayedServer.url, credentials });
    const [held] = await take(backend);
    if (held === undefined) throw new Error("nothing came");
    answers = false;
    server.requests.length = 0;
    const soon = () => AbortSignal.timeout(200);
    const unopened = sqs({ url: PlayedServer.url, credentials });
    const options = { receive: [WORK], send: [], create: true, leaseMs: LEASE_MS, clock: systemClock() };
    const calls = [
      unopened.open(options, soon()),
      backend.send(WORK, frames("b"), soon()),
      backend.renew([held.receipt], LEASE_MS, soon()),
      backend.settle(acks(held), soon()),
    ];
    const polling = take(backend, { waitMs: 0 });
    // The end waits for the poll, and gives back what is held.
    const ended = Promise.all([backend.close(), unopened.close()]);
    for (const call of calls) expect(await refusal(backend, call)).toBe("TIMED_OUT");
    expect(await polling).toEqual([]);
    await ended;
    expect(server.actions()).toEqual([]);
  }, 15_000);

  it("throws the client's own error", async () => {
    await play({ SendMessageBatch: () => new PlayedError(403, "AccessDeniedException", "Access is denied") });
    await expect(backend.send(WORK, frames("a"), never)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  });
});

describe("partial failures", () => {
  it("are outcomes of their own, in the order of the frames", async () => {
    await play({
      SendMessageBatch: () => ({
        Successful: [{ Id: "2" }, { Id: "0" }],
        Failed: [
          { Id: "3", Code: "InternalError", SenderFault: false },
          { Id: "1", Code: "AWS.SimpleQueueService.RequestThrottled", Message: "slow down", SenderFault: true },
        ],
      }),
    });
    const outcomes = await backend.send(WORK, frames("a", "b", "c", "d"), never);
    const codes = outcomes.map((outcome) => (typeof outcome === "object" ? codeOf(backend, outcome.failed) : outcome));
    expect(codes).toEqual(["ok", "THROTTLED", "ok", "UNAVAILABLE"]);
  });

  it("say of an entry that nobody answered for that nothing is known", async () => {
    await play({ SendMessageBatch: () => ({ Successful: [{ Id: "0" }], Failed: [] }) });
    const [first, second] = await backend.send(WORK, frames("a", "b"), never);
    expect(first).toBe("ok");
    expect(codeOf(backend, (second as { failed: unknown }).failed)).toBe("UNAVAILABLE");
  });

  it("of acks and releases in one settle stand where they were asked for", async () => {
    const [a, b, c] = (await holding("a", "b", "c")) as [Awaited<ReturnType<typeof take>>[number], never, never];
    server.play({
      DeleteMessageBatch: () => ({ Successful: [{ Id: "1" }], Failed: [{ Id: "0", Code: "ReceiptHandleIsInvalid" }] }),
      ChangeMessageVisibilityBatch: () => new PlayedError(500, "InternalFailure", "we are sorry"),
    });
    const release = { kind: "release", receipt: (b as typeof a).receipt, delayMs: 5_000 } as const;
    const [first, second, third] = await backend.settle([...acks(a), release, ...acks(c)], never);
    expect([first, third]).toEqual(["lost", "ok"]);
    expect(codeOf(backend, (second as { failed: unknown }).failed)).toBe("UNAVAILABLE");
  });
});

describe("what a poll brought for nobody", () => {
  /** A receive of `count` messages that was given up before they came. */
  const leftBy = async (count: number, clock?: Clock) => {
    const texts = Array.from({ length: count }, (_, index) => `m${index}`);
    const brought = texts.map((text) => message(text));
    const { promise: gate, resolve: bring } = Promise.withResolvers<void>();
    await play(
      {
        ReceiveMessage: async ({ MaxNumberOfMessages }) => {
          await gate;
          return { Messages: brought.splice(0, Number(MaxNumberOfMessages)) };
        },
      },
      clock,
    );
    const polls = Math.ceil(count / 10);
    const controller = new AbortController();
    const left = Array.from({ length: polls }, () => take(backend, { waitMs: 1_000 }, WORK, controller.signal));
    controller.abort();
    expect((await Promise.all(left)).flat()).toEqual([]);
    bring();
    await vi.waitFor(() => expect([brought.length, server.requests.length]).toEqual([0, polls]));
    // The answers are read by now.
    await new Promise((resolve) => setTimeout(resolve, 50));
    return texts;
  };

  it("is renewed as the server takes it, ten at a time", async () => {
    const texts = await leftBy(25);
    const sizes: number[] = [];
    server.play({
      ChangeMessageVisibilityBatch({ Entries }) {
        const { length } = Entries as unknown[];
        sizes.push(length);
        const tooMany = new PlayedError(400, "TooManyEntriesInBatchRequest", "more than 10 entries");
        return length > 10 ? tooMany : { Successful: (Entries as { Id: string }[]).map(({ Id }) => ({ Id })) };
      },
    });
    expect(textsOf(await take(backend, { max: 40 })).sort()).toEqual(texts.sort());
    expect(sizes).toEqual([10, 10, 5]);
  });

  it("is there still where its renewal fails, in part or as a whole", async () => {
    const texts = await leftBy(3);
    const busy = { Id: "0", Code: "RequestThrottled", Message: "slow", SenderFault: false };
    const answers: Answer[] = [
      new PlayedError(503, "ServiceUnavailable", "busy"),
      { Successful: [{ Id: "1" }, { Id: "2" }], Failed: [busy] },
    ];
    server.play({ ChangeMessageVisibilityBatch: () => answers.shift() ?? { Successful: [{ Id: "0" }] } });
    expect(await refusal(backend, take(backend))).toBe("UNAVAILABLE");
    expect(textsOf(await take(backend))).toEqual(texts.slice(1));
    expect(textsOf(await take(backend))).toEqual(texts.slice(0, 1));
    expect(server.actions()).not.toContain("ReceiveMessage");
  });

  it.each([
    [LEASE_MS / 2, ["SendMessageBatch", "DeleteMessageBatch"]],
    [LEASE_MS - 500, []],
    [LEASE_MS * 2, []],
  ])("is sent anew by the end only while it is held for sure: after %d ms, by %j", async (afterMs, actions) => {
    const clock = new VirtualClock();
    await leftBy(3, clock);
    server.play({});
    await clock.advance(afterMs);
    await backend.close();
    expect(server.actions()).toEqual(actions);
  });
});

describe("a queue that was just made", () => {
  // "You must wait at least one second after the queue is created" (API reference, CreateQueue).
  it("is waited for until it can be seen", async () => {
    const gone = () => new PlayedError(400, "QueueDoesNotExist", "there is none");
    const unseen = (times: number) => {
      const made = new Map<unknown, number>();
      const nameIn = (url: unknown) => String(url).replace(/^.*[/]/, "");
      server.play({
        GetQueueUrl: ({ QueueName }) =>
          made.has(QueueName) ? { QueueUrl: `http://sqs.played/0/${QueueName}` } : gone(),
        CreateQueue({ QueueName }) {
          made.set(QueueName, made.get(QueueName) ?? times);
          return { QueueUrl: `http://sqs.played/0/${QueueName}` };
        },
        GetQueueAttributes({ QueueUrl }) {
          const left = made.get(nameIn(QueueUrl)) ?? 0;
          made.set(nameIn(QueueUrl), left - 1);
          return left > 0 ? gone() : { Attributes: {} };
        },
      });
    };
    unseen(1);
    backend = sqs({ url: PlayedServer.url, longPollingMs: 1_000 });
    expect(await refusal(backend, open(backend))).toBe("UNAVAILABLE");
    expect(await refusal(backend, open(backend))).toBe("ok");
    unseen(2);
    const dispatcher = await Dispatcher.open(sqs({ url: PlayedServer.url, longPollingMs: 1_000 }), { create: true });
    await dispatcher.close();
  }, 15_000);

  it("has the attributes that were given, and those of FIFO queues only where it is one", async () => {
    const ofFifo = { ContentBasedDeduplication: "true", DeduplicationScope: "messageGroup", FifoThroughputLimit: "perMessageGroupId" }; // biome-ignore format: one line
    const queueAttributes = { ...ofFifo, KmsMasterKeyId: "alias/tasks" };
    const made = new Map<string, Record<string, string>>();
    server.play({
      GetQueueUrl: ({ QueueName }) =>
        made.has(QueueName as string)
          ? { QueueUrl: `http://sqs.played/0/${QueueName}` }
          : new PlayedError(400, "QueueDoesNotExist", "there is none"),
      CreateQueue({ QueueName, Attributes }) {
        made.set(QueueName as string, Attributes as Record<string, string>);
        return { QueueUrl: `http://sqs.played/0/${QueueName}` };
      },
    });
    backend = sqs({ url: PlayedServer.url, fifo: true, queueAttributes });
    await open(backend);
    const { "dispatch-default.fifo": lane, ...others } = Object.fromEntries(made);
    expect(lane).toMatchObject({ ...queueAttributes, FifoQueue: "true" });
    const names = ["dispatch-default-dead", "dispatch-default-reply-coordinator-1"];
    expect(Object.keys(others).sort()).toEqual(names);
    for (const name of names)
      expect(Object.keys(others[name] ?? {}).sort()).toEqual(
        ["KmsMasterKeyId", "MaximumMessageSize", "MessageRetentionPeriod"], // biome-ignore format: one list
      );
  });
});

describe("handles", () => {
  it.each([
    ["ReceiptHandleIsInvalid", "The input receipt handle is invalid.", "lost"],
    ["AWS.SimpleQueueService.MessageNotInflight", "", "lost"],
    [
      "InvalidParameterValue",
      "Value x for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.",
      "lost",
    ],
    ["InvalidParameterValue", "Message does not exist or is not available for visibility timeout change.", "lost"],
    [
      "InvalidParameterValue",
      "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
      "MISMATCH",
    ],
    ["InternalError", "", "UNAVAILABLE"],
  ])("%s: %s is %s", async (Code, Message, expected) => {
    const [held] = await holding("a");
    if (held === undefined) throw new Error("nothing came");
    const Failed = [{ Id: "0", Code, Message, SenderFault: true }];
    server.play({ ChangeMessageVisibilityBatch: () => ({ Successful: [], Failed }) });
    const [outcome] = await backend.renew([held.receipt], LEASE_MS, never);
    expect(typeof outcome === "object" ? codeOf(backend, outcome.failed) : outcome).toBe(expected);
  });

  it("are never renewed for less than what is left, nor for more than was asked", async () => {
    const [held] = await holding("a");
    if (held === undefined) throw new Error("nothing came");
    server.play({});
    expect(await backend.renew([held.receipt], LEASE_MS / 4, never)).toEqual(["ok"]);
    expect(await backend.renew([held.receipt], LEASE_MS * 2, never)).toEqual(["ok"]);
    const asked = server.requests.map(({ body }) => (body.Entries as [{ VisibilityTimeout: number }])[0]);
    expect(asked.map(({ VisibilityTimeout }) => VisibilityTimeout)).toEqual([LEASE_MS / 1_000, LEASE_MS / 500]);
  });

  it("of what was settled are not used again", async () => {
    const [held] = await holding("a");
    if (held === undefined) throw new Error("nothing came");
    expect(await backend.settle([{ kind: "release", receipt: held.receipt, delayMs: 0 }], never)).toEqual(["ok"]);
    server.play({});
    expect(await backend.settle(acks(held), never)).toEqual(["lost"]);
    expect(await backend.renew([held.receipt], LEASE_MS, never)).toEqual(["lost"]);
    expect(server.actions()).toEqual([]);
  });
});

describe("what comes", () => {
  it("may be none of ours", async () => {
    await play({
      ReceiveMessage: () => ({ Messages: [{ ReceiptHandle: "h", Body: "¿qué? 🚀" }, { ReceiptHandle: "i" }] }),
    });
    const found = await take(backend);
    expect(textsOf(found)).toEqual(["¿qué? 🚀", ""]);
    expect(found.map(({ redelivery }) => redelivery)).toEqual([0, 0]);
    server.play({});
  });

  it("counts earlier receives of work only", async () => {
    await play({ ReceiveMessage: () => ({ Messages: [message("a", 4)] }) });
    expect((await take(backend)).map(({ redelivery }) => redelivery)).toEqual([3]);
    expect(
      (await take(backend, {}, { ...WORK, role: "dead", name: "dead" })).map(({ redelivery }) => redelivery),
    ).toEqual([0]);
    server.play({});
  });
});

describe("requests", () => {
  it("are made in whole seconds, never less than asked for", async () => {
    await play({});
    await take(backend, { waitMs: 300, leaseMs: 2_500 });
    await backend.send(WORK, [frame("a", { delayMs: 1_001 })], never);
    const bodies = server.requests.map(({ body }) => body);
    expect(bodies[0]).toMatchObject({ WaitTimeSeconds: 1, VisibilityTimeout: 3, MaxNumberOfMessages: 10 });
    expect(bodies[1]).toMatchObject({ Entries: [{ Id: "0", MessageBody: "a", DelaySeconds: 2 }] });
  });

  it("are several at a time as long as they come back full, and one that waits when nothing comes", async () => {
    const full = () => ({ Messages: Array.from({ length: 10 }, (_, index) => message(`m${index}`)) });
    await play({ ReceiveMessage: full });
    const counts: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      server.requests.length = 0;
      expect(await take(backend, { max: 30, waitMs: 1_000 })).toHaveLength(Math.min(30, (round + 1) * 10));
      counts.push(server.requests.length);
    }
    expect(counts).toEqual([1, 2, 3, 3]);
    server.play({});
    expect(await take(backend, { max: 30, waitMs: 1_000 })).toEqual([]);
    expect(server.requests.map(({ body }) => body.WaitTimeSeconds)).toEqual([0, 0, 0, 1]);
  });
});
