import { checkBackend } from "./backend-check.ts";
import { Calls } from "./call.ts";
import type { Backend, Clock, Observer, OpenOptions, Queue } from "./contract/index.ts";
import { type DispatchError, guard } from "./errors.ts";
import { type Absent, absentOf, refusedWithout } from "./plan/absent.ts";
import { Routes } from "./routes.ts";
import { OPEN_MS } from "./trying.ts";

/** Of a dispatcher, a worker or an admin: what opening its queue needs. */
export interface FamilySettings {
  readonly queue: string;
  readonly create: boolean;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly observer: Observer | undefined;
}

/** A queue that is open, with all that belongs to it. */
export interface Family {
  readonly calls: Calls;
  readonly routes: Routes;
  /** Guarded. */
  readonly observer: Observer | undefined;
}

/**
 * Opens what `opens` makes of the queues in which tasks are, and answers the ways that there are. Where queues are missing that may not be made, and that all can
 * do without, there are fewer, and a `warning` says what is refused therefore. Dispatchers, workers and admins open here alone, so that they come to
 * the same. Throws a `DispatchError`.
 */
export async function openFamily(
  backend: Backend,
  settings: FamilySettings,
  opens: (queues: readonly Queue[]) => Pick<OpenOptions, "receive" | "send">,
): Promise<Family> {
  const { queue, create, leaseMs, clock } = settings;
  const { name, profile } = backend;
  checkBackend(backend);
  const observer = guard(settings.observer);
  const calls = new Calls({ ...settings, backend, observer });
  const until = { deadline: clock.now() + OPEN_MS };
  const open = async (absent?: Absent): Promise<Family> => {
    const routes = new Routes(profile, absent);
    await calls.open({ ...opens(routes.queues(queue)), create, leaseMs, clock }, until);
    return { calls, routes, observer };
  };
  try {
    return await open();
  } catch (error) {
    const { code, cause, message } = error as DispatchError;
    const { missing = [], detail = message } = backend.classify(cause);
    const absent = absentOf(profile, missing);
    if (create || code !== "MISSING" || absent === undefined) throw error;
    const family = await open(absent);
    observer?.({ event: "warning", code, message: `${name}: ${refusedWithout(profile, absent)}: ${detail}` });
    return family;
  }
}
