import type { Recorder } from "./recorder.ts";

export interface HealthOptions {
  /** So long after its last answer a broker counts as away, also where no call has failed, while there is a worker or a run; default 60,000. */
  readonly staleMs: number;
  /** A failed call counts for so long, where that verb has not been answered since; default 3,000. */
  readonly failureMs: number;
  /** For so long a task may be ready without a grant, while a slot is free; default 30,000. 0: for ever, as where workers share partitions and not tasks. */
  readonly grantMs: number;
}

export interface Readiness {
  readonly ready: boolean;
  /** Why it is not. */
  readonly reasons: readonly string[];
  /** Since the broker answered last; null: not yet. */
  readonly lastRoundTripSeconds: number | null;
  /** Since a worker of this process was last granted something; null: not yet. */
  readonly lastGrantSeconds: number | null;
}

/** Health by progress: does the broker answer, and where tasks are ready, are they granted? What a client says of its connection counts for nothing. */
export function readinessOf(recorders: readonly Recorder[], options: HealthOptions, wallMs: number): Readiness {
  const reasons = recorders.flatMap((recorder) => [
    ...contactReasons(recorder, options, wallMs),
    ...grantReasons(recorder, options, wallMs),
  ]);
  if (recorders.every(({ contacts }) => contacts.heardAt === 0)) reasons.push("no broker has answered yet");
  const grants = recorders.flatMap(({ queues }) => [...queues.values()].map(({ grant }) => grant?.at ?? 0));
  return {
    ready: reasons.length === 0,
    reasons,
    lastRoundTripSeconds: secondsSince(Math.max(0, ...recorders.map(({ contacts }) => contacts.roundTripAt)), wallMs),
    lastGrantSeconds: secondsSince(Math.max(0, ...grants), wallMs),
  };
}

function* contactReasons(
  { backend, contacts, queues }: Recorder,
  { staleMs, failureMs }: HealthOptions,
  wallMs: number,
): Generator<string> {
  const { heardAt, isAway } = contacts;
  for (const [verb, code, at] of contacts.failing()) {
    if (isAway || wallMs - at < failureMs) yield `${backend}: ${verb} failed with ${code}`;
  }
  // A dispatcher without runs asks nothing, and one that is closed is none.
  const asking = [...queues.values()].filter(({ isAsking }) => isAsking);
  const silentMs = wallMs - Math.max(heardAt, Math.min(...asking.map(({ askingSince }) => askingSince)));
  if (heardAt > 0 && silentMs > staleMs) yield `${backend}: no answer for ${Math.round(silentMs / 1_000)} s`;
}

function* grantReasons({ backend, queues }: Recorder, { grantMs }: HealthOptions, wallMs: number): Generator<string> {
  if (grantMs === 0) return;
  for (const [name, books] of queues) {
    const { grant, workers, readySince } = books;
    const status = books.statusAt(wallMs);
    if (status === undefined || readySince === undefined) continue;
    const hasRoom = [...workers.values()].some(({ slots, status: standing }) => standing().tasks < slots);
    // Until the broker was asked last: what has become of it since, nobody knows.
    const idleMs = status.at - Math.max(readySince, grant?.at ?? 0);
    if (hasRoom && idleMs > grantMs)
      yield `${backend}: tasks of ${name} are ready, and none was granted for ${Math.round(idleMs / 1_000)} s`;
  }
}

function secondsSince(at: number, wallMs: number): number | null {
  return at === 0 ? null : Math.max(0, wallMs - at) / 1_000;
}
