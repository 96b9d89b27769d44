/** What can be measured of a subject. Each runs in a process of its own, warms up first, and throws where a result is missing or wrong. */
import { countedBackend } from "./counted-backend.ts";
import { forcedHeapBytes, largestResidentBytes, timed } from "./meters.ts";
import type { Measured } from "./series.ts";
import { quantile } from "./statistics.ts";
import type { MakeSubject, Subject } from "./subject.ts";
import { Tally } from "./tally.ts";

/** So many tasks make the code warm: with a quarter of them the compiler was still at work, on the other core, for half of what was measured. */
const WARM_TASKS = 200_000;

const plain = { wrap: <T>(backend: T): T => backend };
const MEGABYTE = 1_000_000;

async function run(subject: Subject, count: number): Promise<void> {
  const tally = new Tally(count);
  await subject.endToEnd(count, (value) => tally.take(value));
  tally.check();
}

async function warm(subject: Subject, count: number): Promise<void> {
  await run(subject, Math.min(count, WARM_TASKS));
}

/** From the first send to the last result at the caller: tasks a second, and µs of CPU a task. */
async function endToEnd(make: MakeSubject, count: number): Promise<Measured> {
  const subject = make(plain);
  await warm(subject, count);
  const { seconds, cpuSeconds } = await timed(() => run(subject, count));
  return { tasksPerSecond: count / seconds, cpuMicroseconds: (cpuSeconds / count) * 1_000_000 };
}

/** From the first send until all are taken in, while nobody runs them. They are run afterwards, so that none may be lost. */
async function send(make: MakeSubject, count: number): Promise<Measured> {
  const subject = make(plain);
  await fillAndDrain(subject, Math.min(count, WARM_TASKS));
  const { seconds } = await fillAndDrain(subject, count);
  return { tasksPerSecond: count / seconds };
}

async function fillAndDrain(subject: Subject, count: number): Promise<{ readonly seconds: number }> {
  const { seconds, answer } = await timed(() => subject.fill(count));
  const tally = new Tally(count);
  await answer.drain((value) => tally.take(value));
  tally.check();
  return { seconds };
}

/** What a task that waits takes of the heap and of the memory beside it, where the broker is this process. */
async function waiting(make: MakeSubject, count: number): Promise<Measured> {
  const subject = make(plain);
  await fillAndDrain(subject, Math.min(count, WARM_TASKS));
  const before = forcedHeapBytes();
  const filled = await subject.fill(count);
  const bytes = forcedHeapBytes() - before;
  const tally = new Tally(count);
  await filled.drain((value) => tally.take(value));
  tally.check();
  return { bytes: bytes / count };
}

/** Between two tasks nothing happens for so long. */
const REST_MS = 1;
const WARM_ROUNDS = 500;

/** From the send of a task to its result, with nothing else to do. */
async function idle(make: MakeSubject, count: number): Promise<Measured> {
  const system = await make(plain).idle();
  const latenciesMs: number[] = [];
  for (let index = 0; index < WARM_ROUNDS + count; index += 1) {
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    const begun = performance.now();
    const value = await system.one(index);
    const ms = performance.now() - begun;
    if (value !== index) throw new Error(`${value} came back instead of ${index}`);
    if (index >= WARM_ROUNDS) latenciesMs.push(ms);
  }
  await system.close();
  const at = (share: number) => quantile(latenciesMs, share);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** Calls of the backend's verbs. */
async function requests(make: MakeSubject, count: number): Promise<Measured> {
  const counted = { count: 0 };
  const subject = make({ wrap: (backend) => countedBackend(backend, counted) });
  await warm(subject, count);
  counted.count = 0;
  await run(subject, count);
  return { perThousand: (counted.count / count) * 1_000 };
}

/** The heap at half of a run and at its end, after a forced collection, and the most memory that the process ever had. */
async function flatness(make: MakeSubject, count: number): Promise<Measured> {
  const subject = make(plain);
  await warm(subject, count);
  const tally = new Tally(count);
  let half = 0;
  let end = 0;
  await subject.endToEnd(count, (value) => {
    tally.take(value);
    if (tally.taken === count / 2) half = forcedHeapBytes();
    else if (tally.taken === count) end = forcedHeapBytes();
  });
  tally.check();
  return {
    half: half / MEGABYTE,
    end: end / MEGABYTE,
    growth: (end - half) / MEGABYTE,
    resident: largestResidentBytes() / MEGABYTE,
  };
}

export const measurements: Readonly<Record<string, (make: MakeSubject, count: number) => Promise<Measured>>> = {
  "end-to-end": endToEnd,
  send,
  waiting,
  idle,
  requests,
  flatness,
};
