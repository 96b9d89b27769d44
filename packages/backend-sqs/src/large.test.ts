import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Dispatcher, defineTask, QueueAdmin, Worker } from "@org/dispatch-core";
import { fileBlobs } from "@org/dispatch-core/blobs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { sqs } from "./index.ts";
import { inProcess } from "./testing/in-process.ts";
import { newNamespace } from "./testing/opened.ts";

// What is larger than a message of SQS: by claim check, through a folder that both sides share.
const MEGABYTES_5 = 5 * 1024 * 1024;
let server: Awaited<ReturnType<typeof inProcess>>;
let folder: string;

beforeAll(async () => {
  server = await inProcess();
  folder = await temporaryFolder("blobs");
});
afterAll(async () => {
  await server.server.stop();
});

async function within<T>(
  handler: (payload: string) => string,
  work: (dispatcher: Dispatcher, admin: QueueAdmin, start: () => Promise<void>) => Promise<T>,
): Promise<T> {
  await using backend = sqs({ url: server.url, namespace: newNamespace(), longPollingMs: 1_000 });
  const options = { blobs: fileBlobs(folder), create: true };
  const dispatcher = await Dispatcher.open(backend, options);
  let worker: Worker | undefined;
  const start = async () => {
    worker = await Worker.start(backend, defineTask({ name: "echo", handler }), options);
  };
  try {
    return await work(dispatcher, await QueueAdmin.open(backend, { create: true }), start);
  } finally {
    await dispatcher.close();
    await worker?.stop();
  }
}

describe("five megabytes", () => {
  const large = randomBytes((MEGABYTES_5 / 4) * 3).toString("base64");

  it("go there and back", async () => {
    const [result] = await within(
      (payload) => payload.toLowerCase(),
      async (dispatcher, _, start) => {
        await start();
        return dispatcher.run<string, string>("echo", [large]).results();
      },
    );
    expect(result?.outcome).toBe("completed");
    expect(result?.value === large.toLowerCase()).toBe(true);
  });

  it("whose blob is gone are dead, and say why", async () => {
    await within(
      (payload) => payload,
      async (dispatcher, admin, start) => {
        const run = dispatcher.run<string, string>("echo", [large]);
        while (run.progress.sent === 0) await new Promise((resolve) => setTimeout(resolve, 10));
        for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
        await start();
        const [result] = await run.results();
        expect([result?.outcome, result?.error?.code]).toEqual(["dead", "BLOB_MISSING"]);
        const letters = [];
        for await (const letter of admin.dead.list()) letters.push(letter.reason);
        expect(letters).toEqual(["BLOB_MISSING"]);
      },
    );
  });
});
