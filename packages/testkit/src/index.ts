export { area, type Case, type InvariantId, type Level, verbs } from "./case.ts";
export { cases } from "./cases.ts";
export { dropping } from "./decorators/dropping.ts";
export { type DuplicateOptions, duplicate } from "./decorators/duplicate.ts";
export { countingGrants, withFacts, without, withoutMove } from "./decorators/facts.ts";
export { type FlakyOptions, flaky } from "./decorators/flaky.ts";
export { type BackendCall, type Interceptor, intercept, type Verb } from "./decorators/intercept.ts";
export { type LostSessionOptions, lostSession } from "./decorators/lost-session.ts";
export { type ReorderOptions, reorder } from "./decorators/reorder.ts";
export { type SlowOptions, slow } from "./decorators/slow.ts";
export { FaultError, wrap } from "./decorators/wrap.ts";
export { caseAnchor } from "./explained.ts";
export { TcpProxy, type TcpProxyOptions } from "./faults/tcp-proxy.ts";
export { type Door, throughProxy } from "./faults/through-proxy.ts";
export type { Direction, Directions } from "./faults/wire-faults.ts";
export {
  type ProcessEnd,
  spawnWorker,
  type WorkerChild,
  type WorkerChildOptions,
} from "./faults/worker-child.ts";
export { invariantTexts } from "./invariant-texts.ts";
export * as invariants from "./invariants.ts";
export { type Mutant, mutants } from "./mutants/index.ts";
export type { ConformanceOptions, Skip } from "./options.ts";
export { register, select, type TestRunner } from "./register.ts";
export { type CaseReport, type CaseStatus, type ConformanceReport, writeReport } from "./report.ts";
export { caseLine, reportText } from "./report-text.ts";
export { leftOut, runCase } from "./run-case.ts";
export { type RunOptions, runConformance } from "./run-conformance.ts";
export { type BrokerName, brokers } from "./simulation/brokers.ts";
export type { Script } from "./simulation/script.ts";
export type { Faults, Sending, Setting } from "./simulation/setting.ts";
export { type SimulateOptions, type Simulation, simulate } from "./simulation/simulate.ts";
export { Bare, frameOf, textsOf } from "./world/bare.ts";
export { EventLog, type Logged } from "./world/event-log.ts";
export { shortLeaseMs } from "./world/facts.ts";
export type { Hook, Hooks, SpawnedWorker, SpawnOptions } from "./world/hooks.ts";
export { type HandlerRun, Ledger } from "./world/ledger.ts";
export { Process, type SentFrame } from "./world/process.ts";
export { seededRandom } from "./world/random.ts";
export { isSession, isSessioned, isStoppable, type Session, type Sessioned, type Stoppable } from "./world/sessions.ts";
export type { Time } from "./world/time.ts";
export { type CaseTask, WorkerProcess } from "./world/worker-process.ts";
export { type BackendFactory, type DispatcherProcess, World, type WorldOptions } from "./world/world.ts";
