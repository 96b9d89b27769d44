export type { Backoff, Random } from "./backoff.ts";
export { systemClock, VirtualClock } from "./clock.ts";
export type * from "./contract/index.ts";
export type { DeadLetter, Selection } from "./dead-letter.ts";
export type { DeadLetters } from "./dead-letters.ts";
export { Dispatcher } from "./dispatcher.ts";
export { codes, Dead, DispatchError, Drop, Retry } from "./errors.ts";
export { type JsonLoggerOptions, jsonLogger, type LogEventsOptions, type Logger, logEvents } from "./log.ts";
export { joinObservers } from "./observers.ts";
export type { Absent } from "./plan/absent.ts";
export { explain, type PlanLine, type PlanNeeds } from "./plan/explain.ts";
export {
  type AdminOptions,
  type CommonOptions,
  type DispatcherOptions,
  defaults,
  type RunOptions,
  type SendOptions,
  type WorkerOptions,
} from "./plan/options.ts";
export { QueueAdmin, type QueueStatus, type StatusOptions } from "./queue-admin.ts";
export type { Run } from "./result/run.ts";
export { Input, type InputOptions, input, invalidInput } from "./send/input.ts";
export type { SentTask } from "./single-sends.ts";
export { type Context, defineTask, type Handler, type Task, type TaskOptions } from "./work/task.ts";
export { Worker } from "./worker.ts";
