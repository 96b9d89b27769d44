import { describe, expect, it, vi } from "vitest";
import type { DispatchEvent } from "./contract/index.ts";
import { jsonLogger, type Logger, logEvents, silentLogger } from "./log.ts";

const levels = ["debug", "info", "warn", "error"] as const;
const wall = () => 1_700_000_000_000;

function logged(level?: (typeof levels)[number]) {
  const lines: string[] = [];
  const logger = jsonLogger({ write: (line) => lines.push(line), wall, ...(level === undefined ? {} : { level }) });
  return { lines, logger };
}

describe("the JSON logger", () => {
  it("writes one line: time, level, the fields, and the message where there is one", () => {
    const { lines, logger } = logged();
    logger.info({ taskId: "run/1", text: "a\nb\u2028" }, "two\nlines");
    logger.error({});
    expect(lines).toEqual([
      '{"time":"2023-11-14T22:13:20.000Z","level":"info","taskId":"run/1","text":"a\\nb\u2028","message":"two\\nlines"}\n',
      '{"time":"2023-11-14T22:13:20.000Z","level":"error"}\n',
    ]);
  });

  const bad = () => {
    throw new Error("a trap");
  };
  it.each<[string, object]>([
    ["a field that throws", Object.defineProperty({}, "field", { get: bad, enumerable: true })],
    ["a proxy that throws", new Proxy({}, { ownKeys: bad })],
    ["a toJSON that throws", { toJSON: bad }],
  ])("never fails, whatever somebody logs: %s", (_, fields) => {
    const { lines, logger } = logged();
    logger.info(fields, "what is said");
    const head = { time: "2023-11-14T22:13:20.000Z", level: "info" };
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { ...head, message: "what is said", unprintable: true },
    ]);
  });

  it.each([
    [undefined, ["info", "warn", "error"]],
    ["debug", ["debug", "info", "warn", "error"]],
    ["info", ["info", "warn", "error"]],
    ["warn", ["warn", "error"]],
    ["error", ["error"]],
  ] as const)("of level %s writes %j", (level, written) => {
    const { lines, logger } = logged(level);
    for (const one of levels) logger[one]({});
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(written);
  });

  it("writes to standard error, with the machine's time, unless it is told otherwise", () => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    jsonLogger().warn({ a: 1 });
    const [[line] = []] = write.mock.calls;
    write.mockRestore();
    const { time, ...rest } = JSON.parse(String(line)) as { time: string };
    expect(rest).toEqual({ level: "warn", a: 1 });
    expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(60_000);
  });
});

it("the silent logger keeps nothing, and cannot be changed", () => {
  for (const level of levels) expect(silentLogger[level]({ a: 1 }, "text")).toBeUndefined();
  expect(Object.isFrozen(silentLogger)).toBe(true);
});

const task = { queue: "q", task: "t", taskId: "run/1", attempt: 1 };
const worker = { ...task, workerId: "w" };
const summary = {
  ...{ run: "run", total: 1, completed: 1, dead: 0, expired: 0, cancelled: 0, durationMs: 1, tasksPerSecond: 1 },
  ...{ retried: 0, lost: 0, fenced: 0, duplicates: 0, resent: 0, orphans: 0 },
};
const entry = {
  run: "run",
  index: 1,
  outcome: "completed",
  round: 0,
  attempts: 1,
  copy: 0,
  lost: 0,
  durationMs: 1,
} as const;
const call = { event: "call", backend: "b", verb: "send", items: 1, durationMs: 1 } as const;

const events: readonly (readonly [keyof Logger, DispatchEvent])[] = [
  ["info", { event: "queue_dispatched", ...task, duplicate: false, awaited: true }],
  ["info", { event: "queue_completed", ...worker, durationMs: 1 }],
  ["info", { event: "queue_requeued", ...worker, reason: "failed", delayMs: 5, durationMs: 1 }],
  ["warn", { event: "heartbeat_timeout", queue: "q", workerId: "w", silentMs: 1, held: 1 }],
  [
    "debug",
    {
      event: "frames_leased",
      queue: "q",
      workerId: "w",
      frames: 1,
      tasks: 1,
      packs: [],
      ageMs: 1,
      waitedMs: 1,
      traces: [],
      tracestates: new Map([["00-a-b-01", "c=1"]]),
    },
  ],
  ["debug", { event: "task_started", ...worker, lost: 0, ageMs: 1 }],
  ["warn", { event: "task_timed_out", ...worker, durationMs: 1 }],
  ["warn", { event: "task_dead", ...worker, code: "REJECTED", durationMs: 1, lost: 0 }],
  ["info", { event: "task_expired", ...worker, durationMs: 1 }],
  ["info", { event: "task_cancelled", ...worker, durationMs: 1 }],
  ["warn", { event: "lease_lost", ...worker, reason: "expired" }],
  ["warn", { event: "slot_abandoned", ...worker, code: "TIMED_OUT" }],
  ["warn", { event: "undeliverable", ...worker, outcome: "completed" }],
  ["warn", { event: "frame_rejected", queue: "q", code: "FRAME_INVALID", detail: "cut short", bytes: 3 }],
  ["debug", { event: "task_ended", ...task, outcome: "completed", durationMs: 1, lost: 0, sent: true, ageMs: 2 }],
  ["debug", { event: "result_duplicate", queue: "q", taskId: "run/1", outcome: "completed", fenced: false }],
  ["warn", { event: "task_resent", queue: "q", taskId: "run/1", round: 1 }],
  ["info", { event: "run_finished", queue: "q", ...summary }],
  ["debug", { event: "pack_dispatched", queue: "q", packId: "run/0+2", tasks: 2, ageMs: 1, traces: [] }],
  ["debug", { event: "beat_sent", queue: "q", workerId: "w", slots: 2, busy: 1, held: 1 }],
  ["debug", { event: "beat_received", queue: "q", workerId: "w", slots: 2, busy: 1 }],
  ["debug", { event: "queue_status", queue: "q", ready: 1, leased: 0, delayed: 0, dead: 0, exact: true }],
  ["info", { event: "worker_stopped", queue: "q", workerId: "w", finished: 1, released: 0 }],
  ["warn", { event: "warning", code: "UNSUPPORTED", message: "careful" }],
  ["debug", call],
  ["warn", { ...call, code: "UNAVAILABLE", message: "away", again: true }],
];

describe("events as lines", () => {
  const seen: [keyof Logger, object][] = [];
  const at = (level: keyof Logger) => (fields: object) => void seen.push([level, fields]);
  const observe = logEvents({ debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") });

  it.each(events)("at level %s: %j", (level, event) => {
    seen.length = 0;
    observe(event);
    const unsaid = { code: undefined, traces: undefined, tracestates: undefined };
    const { code, traces: _, tracestates: __, ...rest } = { ...unsaid, ...event };
    expect(seen).toEqual([[level, code === undefined ? rest : { ...rest, error: { code } }]]);
  });

  it("say durations to the microsecond", () => {
    seen.length = 0;
    observe({ event: "task_timed_out", ...worker, durationMs: 81.23400000000117 });
    expect(seen).toEqual([["warn", { event: "task_timed_out", ...worker, durationMs: 81.234 }]]);
  });

  it("say the trace of a task by its id", () => {
    seen.length = 0;
    observe({
      event: "task_timed_out",
      ...worker,
      durationMs: 1,
      trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    });
    expect(seen).toEqual([
      ["warn", { event: "task_timed_out", ...worker, durationMs: 1, traceId: "0af7651916cd43dd8448eb211c80319c" }],
    ]);
  });

  it("say the backend where they are told it, and where they know it themselves", () => {
    const lines: object[] = [];
    const keep = (fields: object) => void lines.push(fields);
    const named = logEvents({ debug: keep, info: keep, warn: keep, error: keep }, { backend: "redis" });
    named({ event: "task_timed_out", ...worker, durationMs: 1 });
    named(call);
    expect(lines).toMatchObject([
      { event: "task_timed_out", backend: "redis", taskId: "run/1" },
      { backend: "b", verb: "send" },
    ]);
  });

  it("never carry what is there to be called", () => {
    seen.length = 0;
    const none = () => {
      throw new Error("nobody asks");
    };
    observe({ event: "run_started", queue: "q", run: "run", task: "t", progress: none });
    observe({ event: "worker_started", queue: "q", workerId: "w", slots: 10, tasks: ["t"], status: none });
    expect(seen).toEqual([
      ["info", { event: "run_started", queue: "q", run: "run", task: "t" }],
      ["info", { event: "worker_started", queue: "q", workerId: "w", slots: 10, tasks: ["t"] }],
    ]);
  });

  it("never carry a value of a task", () => {
    seen.length = 0;
    observe({ event: "task_progress", queue: "q", taskId: "run/1", workerId: "w", value: "secret" });
    const error = { name: "Error", message: "secret", code: "REJECTED", stack: "secret", cause: "secret" } as const;
    observe({
      event: "orphan",
      queue: "q",
      taskId: "run/1",
      result: { ...entry, outcome: "dead", value: "secret", error },
    });
    expect(seen).toEqual([
      ["debug", { event: "task_progress", queue: "q", taskId: "run/1", workerId: "w" }],
      [
        "warn",
        {
          event: "orphan",
          queue: "q",
          taskId: "run/1",
          outcome: "dead",
          attempt: 1,
          lost: 0,
          durationMs: 1,
          error: { code: "REJECTED" },
        },
      ],
    ]);
  });
});
