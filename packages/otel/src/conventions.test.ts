import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import { expect, it } from "vitest";
import {
  CONVENTIONS_VERSION,
  key,
  type Operation,
  operations,
  own,
  packAttributes,
  processAttributes,
  receiveAttributes,
  sendAttributes,
  settleAttributes,
  systems,
} from "./conventions.ts";

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

it("are what spans say, each with what it is about", () => {
  const place = { system: "redis", queue: "q" };
  const attempted = { task: "t", taskId: "r/0", attempt: 2, workerId: "w" };
  const at = (operation: Operation) => ({
    [key.system]: "redis",
    [key.operationName]: operations[operation],
    [key.operationType]: operations[operation],
    [key.destination]: "q",
  });
  const task = { [key.messageId]: "r/0", [own.task]: "t" };
  const attempt = { ...task, [key.client]: "w", [own.attempt]: 2 };
  expect(sendAttributes(place, "r/0", "t")).toEqual({ ...at("send"), ...task });
  expect(packAttributes(place, "r/0+3", 3)).toEqual({ ...at("send"), [key.messageId]: "r/0+3", [key.batchCount]: 3 });
  expect(receiveAttributes(place, 3, "w")).toEqual({ ...at("receive"), [key.batchCount]: 3, [key.client]: "w" });
  expect(processAttributes(place, attempted)).toEqual({ ...at("process"), ...attempt });
  expect(settleAttributes(place, attempted, "dead")).toEqual({ ...at("settle"), ...attempt, [own.outcome]: "dead" });
});
