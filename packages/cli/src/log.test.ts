import { PassThrough } from "node:stream";
import type { DispatchEvent } from "@org/dispatch-core/contract";
import { expect, test } from "vitest";
import { logOf } from "./log.ts";
import type { LogMode } from "./options.ts";
import { screenOn } from "./screen.ts";
import { takeText } from "./taken-text.ts";

const dispatched: DispatchEvent = {
  event: "queue_dispatched",
  queue: "default",
  task: "default",
  taskId: "r/0",
  attempt: 0,
  duplicate: false,
  awaited: true,
};
const lost: DispatchEvent = {
  event: "lease_lost",
  reason: "expired",
  queue: "default",
  task: "default",
  taskId: "r/0\u001b[2J",
  attempt: 0,
  workerId: "w",
};

function logged(mode: LogMode) {
  const stream = new PassThrough();
  return { log: logOf(mode, screenOn(stream)), text: () => takeText(stream) };
}

test("json: every event and every line of a handler is a JSON line", () => {
  const { log, text } = logged("json");
  log.observer?.(dispatched);
  log.observer?.(lost);
  log.logger.info({ n: 1 }, "from the handler");
  const lines = text()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toMatchObject([
    { event: "queue_dispatched", taskId: "r/0" },
    { event: "lease_lost", reason: "expired" },
    { n: 1, message: "from the handler" },
  ]);
});

test("text: only what needs a look, on one line that steers no terminal", () => {
  const { log, text } = logged("text");
  log.observer?.(dispatched);
  log.observer?.(lost);
  log.logger.debug({}, "too much");
  log.logger.warn({ n: 1, error: new Error("bad\nluck") }, "careful");
  expect(text()).toBe(
    "warn task r/0 [2J: its lease is lost (expired), what it returns is not written\nwarn careful n=1 error=bad luck\n",
  );
});

test("text: a broker that does not answer is said once, so that a command that waits does not seem to hang", () => {
  const { log, text } = logged("text");
  const call = { event: "call", backend: "redis", items: 1, durationMs: 1 } as const;
  const refused = { code: "UNAVAILABLE", message: "redis open: connect ECONNREFUSED", again: true } as const;
  for (const _ of [1, 2, 3]) log.observer?.({ ...call, ...refused, verb: "open" });
  log.observer?.({ ...call, ...refused, verb: "send" });
  expect(text()).toBe("warn UNAVAILABLE: redis open: connect ECONNREFUSED; trying again\n");
});

test("text: thousands of a kind are a few lines", () => {
  const { log, text } = logged("text");
  for (let count = 0; count < 5_000; count += 1) log.observer?.(lost);
  expect(text().trimEnd().split("\n")).toHaveLength(8);
});

test("off: nothing, and no observer to pay for", () => {
  const { log, text } = logged("off");
  expect(log.observer).toBeUndefined();
  log.logger.error({}, "nobody hears");
  expect(text()).toBe("");
});
