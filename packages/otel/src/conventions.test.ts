import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import { expect, it } from "vitest";
import { CONVENTIONS_VERSION, key, operations, systems } from "./conventions.ts";

it("are those of their version", async () => {
  const entry = fileURLToPath(import.meta.resolve("@opentelemetry/semantic-conventions"));
  const manifest = await readFile(`${entry.slice(0, entry.lastIndexOf("/dist/"))}/package.json`, "utf8");
  expect((JSON.parse(manifest) as { version: string }).version).toBe(CONVENTIONS_VERSION);
  expect(key).toEqual({
    system: conventions.ATTR_MESSAGING_SYSTEM_NAME,
    operationName: conventions.ATTR_MESSAGING_OPERATION_NAME,
    operationType: conventions.ATTR_MESSAGING_OPERATION_TYPE,
    destination: conventions.ATTR_MESSAGING_DESTINATION_NAME,
    messageId: conventions.ATTR_MESSAGING_MESSAGE_ID,
    batchCount: conventions.ATTR_MESSAGING_BATCH_MESSAGE_COUNT,
    client: conventions.ATTR_MESSAGING_CLIENT_ID,
    errorType: conventions.ATTR_ERROR_TYPE,
  });
  expect(operations).toEqual({
    create: conventions.MESSAGING_OPERATION_TYPE_VALUE_CREATE,
    send: conventions.MESSAGING_OPERATION_TYPE_VALUE_SEND,
    receive: conventions.MESSAGING_OPERATION_TYPE_VALUE_RECEIVE,
    process: conventions.MESSAGING_OPERATION_TYPE_VALUE_PROCESS,
    settle: conventions.MESSAGING_OPERATION_TYPE_VALUE_SETTLE,
  });
  expect(systems).toEqual({
    kafka: conventions.MESSAGING_SYSTEM_NAME_VALUE_KAFKA,
    rabbitmq: conventions.MESSAGING_SYSTEM_NAME_VALUE_RABBITMQ,
    sqs: conventions.MESSAGING_SYSTEM_NAME_VALUE_AWS_SQS,
  });
});
