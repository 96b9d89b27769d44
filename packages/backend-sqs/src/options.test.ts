import { SQSClient } from "@aws-sdk/client-sqs";
import { systemClock } from "@org/dispatch-core";
import type { Queue } from "@org/dispatch-core/contract";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { addressOf } from "./address.ts";
import { fromOptions, sqs } from "./index.ts";
import { nameDoubts, nameOf } from "./names.ts";
import { resolveOptions, type SqsBackendOptions } from "./options.ts";
import { DEAD, never, open, REPLY, refusal, WORK } from "./testing/opened.ts";
import { PlayedError, PlayedServer } from "./testing/played.ts";

const client = new SQSClient({ region: "eu-west-1", maxAttempts: 1 });

describe("options", () => {
  it.each<[SqsBackendOptions, RegExp]>([
    [{ namespace: "a.b" }, /no dots/],
    [{ namespace: "-" }, /namespace/],
    [{ longPollingMs: 0 }, /longPollingMs/],
    [{ longPollingMs: 20_001 }, /longPollingMs/],
    [{ messagesPerCall: 11 }, /messagesPerCall/],
    [{ frameBytes: 1_048_577 }, /frameBytes/],
    [{ regoin: "x" } as SqsBackendOptions, /did you mean region/],
    [{ client, region: "eu-west-1" }, /region: the client says this already/],
    [{ pollClient: client }, /no client beside it/],
    [{ url: "redis://host" }, /no URL of SQS/],
    [{ url: "sqs://eu-west-1/name" }, /the rest are options/],
    [{ url: "sqs://key@eu-west-1" }, /nothing but the region/],
    [{ url: "sqs" }, /cannot be read/],
    [{ url: "sqs+http://%zz@host:1" }, /encodes nothing/],
    [{ queueUrl: "tasks" }, /not a URL of a queue/],
    [{ queueUrl: "https://sqs.eu-west-1.amazonaws.com/1/tasks.fifo", fifo: false }, /is a FIFO queue/],
    [{ queueUrl: "https://sqs.eu-west-1.amazonaws.com/1/tasks", fifo: true }, /is a standard queue/],
    [{ queueUrl: "https://sqs.eu-west-1.amazonaws.com/1/tasks/more" }, /not a URL of a queue/],
  ])("refuses %j", (options, why) => {
    expect(() => sqs(options)).toThrow(why);
    expect(() => sqs(options)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });

  it.each<[SqsBackendOptions, object]>([
    [{ url: "sqs://eu-west-1" }, { region: "eu-west-1" }],
    [{ url: "sqs://eu-west-1", region: "us-east-2" }, { region: "us-east-2" }],
    [
      { queueUrl: "https://vpce-0a1b-2c3d-eu-west-1a.sqs.eu-west-1.vpce.amazonaws.com/123456789012/tasks" },
      { endpoint: "https://vpce-0a1b-2c3d-eu-west-1a.sqs.eu-west-1.vpce.amazonaws.com", region: "eu-west-1" },
    ],
    [
      { endpoint: "https://vpce-0a1b-2c3d.sqs.eu-west-1.vpce.amazonaws.com" },
      { endpoint: "https://vpce-0a1b-2c3d.sqs.eu-west-1.vpce.amazonaws.com", region: "eu-west-1" },
    ],
    [{ url: "sqs+http://127.0.0.1:9324" }, { endpoint: "http://127.0.0.1:9324" }],
    [
      { url: "sqs+https://k%40:s@sqs.example:8443", region: "x" },
      { endpoint: "https://sqs.example:8443", region: "x", credentials: { accessKeyId: "k@", secretAccessKey: "s" } },
    ],
    [{ queueUrl: "https://sqs.eu-west-1.amazonaws.com/123456789012/tasks" }, { region: "eu-west-1" }],
    [{ queueUrl: "https://eu-west-3.queue.amazonaws.com/123456789012/tasks" }, { region: "eu-west-3" }],
    [{ queueUrl: "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/tasks" }, { region: "cn-north-1" }],
  ])("finds its way by %j", (options, config) => {
    expect(addressOf(options).config).toEqual(config);
  });

  it("takes what a configuration file gives", () => {
    const backend = fromOptions({ region: "eu-west-1", messagesPerCall: 5, longPollingMs: 2_000, frameBytes: 262_144 });
    expect(backend.profile).toMatchObject({ pollMs: 2_000, limits: { frameBytes: 262_144, batchFrames: 10 } });
  });

  it.each([
    "https://sqs.eu-west-1.amazonaws.com/123456789012/tasks",
    "https://vpce-0a1b-2c3d.sqs.eu-west-1.vpce.amazonaws.com/123456789012/tasks",
  ])("looks for the siblings of a queue in its account: %s", (queueUrl) => {
    const { account, naming } = resolveOptions({ queueUrl });
    expect(account).toBe("123456789012");
    expect(nameOf(naming, WORK)).toBe("tasks");
    expect(nameOf(naming, DEAD)).toBe("tasks-dead");
    expect(nameOf(naming, { ...WORK, of: "other" })).toBe("dispatch-other");
  });
});

describe("an endpoint of one's own", () => {
  afterEach(() => vi.unstubAllEnvs());
  const endpoint = "http://127.0.0.1:9324";
  const own = { accessKeyId: "own", secretAccessKey: "secret" };

  /** Access key and region of the first request. */
  async function signedAs(options: SqsBackendOptions): Promise<string> {
    const signed: string[] = [];
    const handle = ({ headers }: { readonly headers: Record<string, string> }) => {
      const [, key, region] = /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(headers.authorization ?? "") ?? [];
      signed.push(`${key} in ${region}`);
      return Promise.reject(new Error("seen"));
    };
    const requestHandler = { handle, metadata: { handlerProtocol: "http/1.1" } };
    const backend = sqs({ ...options, connection: { ...options.connection, requestHandler } } as SqsBackendOptions);
    await open(backend).catch(() => {});
    await backend.close();
    return signed[0] ?? "not at all";
  }

  it.each<[string, SqsBackendOptions, string]>([
    ["options", { endpoint, region: "eu-west-3", credentials: own }, "own in eu-west-3"],
    [
      "options, before connection",
      { endpoint, region: "eu-west-3", connection: { region: "x" } },
      "anybody in eu-west-3",
    ],
    ["connection", { endpoint, connection: { region: "eu-central-1", credentials: own } }, "own in eu-central-1"],
    ["the environment, but for credentials", { endpoint }, "anybody in eu-west-2"],
    ["the environment over TLS", { url: "sqs+https://sqs.example" }, "environment in eu-west-2"],
  ])("is asked with what is given by %s", async (_, options, expected) => {
    vi.stubEnv("AWS_REGION", "eu-west-2");
    vi.stubEnv("AWS_ACCESS_KEY_ID", "environment");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
    expect(await signedAs(options)).toBe(expected);
  });

  it("is asked for some region where there is none", async () => {
    for (const name of ["AWS_REGION", "AWS_DEFAULT_REGION"]) vi.stubEnv(name, undefined);
    for (const name of ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]) vi.stubEnv(name, "/nowhere");
    expect(await signedAs({ endpoint })).toBe("anybody in us-east-1");
  });
});

describe("a queue of another account", () => {
  const server = new PlayedServer();
  beforeAll(() => server.listen());
  afterAll(() => server.close());
  const tasks = "https://sqs.eu-west-1.amazonaws.com/123456789012/tasks";

  it.each([
    ["a reply queue that would be made in one's own is refused", "999999999999", "MISMATCH"],
    ["one that is made there is not", "123456789012", "ok"],
  ])("%s", async (_, account, expected) => {
    server.play({
      GetQueueUrl: () => new PlayedError(400, "QueueDoesNotExist", "there is none"),
      CreateQueue: ({ QueueName }) => ({ QueueUrl: `https://sqs.eu-west-1.amazonaws.com/${account}/${QueueName}` }),
    });
    const backend = sqs({ endpoint: "http://sqs.played", queueUrl: tasks });
    const options = { receive: [REPLY], send: [], create: true, leaseMs: 20_000, clock: systemClock() };
    expect(await refusal(backend, backend.open(options, never))).toBe(expected);
    expect(await refusal(backend, backend.open({ ...options, receive: [], send: [WORK] }, never))).toBe("ok");
    await backend.close();
  });
});

describe("without a region anywhere", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("is refused at once: no wait brings one", async () => {
    for (const name of ["AWS_REGION", "AWS_DEFAULT_REGION"]) vi.stubEnv(name, undefined);
    for (const name of ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]) vi.stubEnv(name, "/nowhere");
    const backend = sqs();
    const error = await open(backend).catch((thrown: unknown) => thrown);
    expect(backend.classify(error)).toEqual({ code: "DENIED", detail: "sqs:GetQueueUrl: Region is missing" });
    await backend.close();
  });
});

describe("names", () => {
  const naming = { namespace: "dispatch", named: undefined, fifo: false };

  it.each<[Queue, string]>([
    [WORK, "dispatch-default"],
    [{ ...WORK, name: "high" }, "dispatch-default-high"],
    [DEAD, "dispatch-default-dead"],
    [{ role: "later", name: "later", of: "default" }, "dispatch-default-later"],
    [REPLY, "dispatch-default-reply-coordinator-1"],
    [{ role: "tier", name: "1000", of: "" }, "dispatch-tier-1000"],
  ])("%j is %s", (queue, name) => {
    expect(nameOf(naming, queue)).toBe(name);
  });

  it("of lanes that are FIFO queues say so, and those of other queues do not", () => {
    const queueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/tasks.fifo";
    const { naming: own } = resolveOptions({ queueUrl });
    expect(nameOf(own, WORK)).toBe("tasks.fifo");
    expect(nameOf(own, { ...WORK, name: "high" })).toBe("tasks-high.fifo");
    expect(nameOf(own, DEAD)).toBe("tasks-dead");
    expect(nameOf(own, REPLY)).toBe("tasks-reply-coordinator-1");
    expect(() => nameOf({ ...naming, fifo: true }, { ...WORK, of: "x".repeat(70) })).toThrow(/80/);
  });

  it.each(["jobs-high", "jobs-low", "jobs-dead", "jobs-later", "jobs-reply", "jobs-reply-c1"])(
    "of a queue %s are refused: another one has them",
    (of) => {
      expect(() => nameOf(naming, { ...WORK, of })).toThrow(
        expect.objectContaining({ code: "MISMATCH", message: expect.stringContaining(of) }),
      );
      expect(nameDoubts(naming)).toEqual([]);
      const named = { ...naming, named: { of, name: of } };
      expect(nameOf(named, { ...WORK, of })).toBe(of);
      expect(nameDoubts(named)).toEqual([{ code: "MISMATCH", detail: expect.stringContaining('a part of "jobs"') }]);
    },
  );

  it.each(["jobs", "jobs-dead-ones", "dead", "high", "replies-c1"])("of a queue %s are its own", (of) => {
    expect(nameOf(naming, { ...WORK, of })).toBe(`dispatch-${of}`);
    expect(nameDoubts({ ...naming, named: { of: "default", name: of } })).toEqual([]);
  });

  it("that are doubtful are said when a backend opens", async () => {
    const server = new PlayedServer();
    server.listen();
    const backend = sqs({ queueUrl: "http://sqs.played/000000000000/jobs-low" });
    expect(await open(backend)).toEqual([{ code: "MISMATCH", detail: expect.stringContaining('"jobs-low"') }]);
    await backend.close();
    server.close();
  });

  it("are refused where SQS cannot have them", () => {
    for (const queue of [
      { ...WORK, of: "a.b" },
      { ...REPLY, name: "x".repeat(80) },
    ])
      expect(() => nameOf(naming, queue)).toThrow(expect.objectContaining({ code: "MISMATCH" }));
  });
});
