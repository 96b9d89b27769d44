import { Worker } from "@org/dispatch-core";
import type { Backend } from "@org/dispatch-core/contract";
import { findBackend } from "./backends.ts";
import { oneLine, reach } from "./failure.ts";
import { countText } from "./figures.ts";
import { watchHandlers } from "./foreign-code.ts";
import { endedLine, thrownText } from "./foreign-code-watch.ts";
import { loadHandlerFile } from "./handler-file.ts";
import { type HttpService, openHttp } from "./http-service.ts";
import { logOf } from "./log.ts";
import { screenOn } from "./screen.ts";
import { isStoppedStart, type SignalWatch, Thrown, unlessStopped, watchSignals } from "./signals.ts";
import type { Surroundings } from "./surroundings.ts";
import { adapterOptions, refuseLocal, type WorkOptions, workerOptions } from "./work-options.ts";

/** The options of `dispatch worker`, parsed. */
export interface WorkerCommandOptions extends WorkOptions {
  readonly handler: string;
}

/** `dispatch worker`: works until the first signal, then stops in an orderly way. Answers the exit code; throws what went wrong before it began. */
export async function workerCommand(options: WorkerCommandOptions, around: Surroundings): Promise<number> {
  // Before anything else: to import an adapter takes a while.
  const signals = watchSignals(around);
  let backend: Backend | undefined;
  try {
    backend = await unlessStopped(signals, findBackend(options.backend, adapterOptions(options), around));
    refuseLocal(backend, "worker");
    return await workOn(backend, options, around, signals);
  } catch (error) {
    return stoppedEarly(error);
  } finally {
    signals.stop();
    await backend?.close();
  }
}

/** A worker that was told to stop has stopped, also where it had not begun yet: exit code 0. Anything else is thrown on. */
function stoppedEarly(error: unknown): 0 {
  if (isStoppedStart(error)) return 0;
  throw error;
}

/** The same on a backend that is the caller's. */
export async function workOn(
  backend: Backend,
  options: WorkerCommandOptions,
  around: Surroundings,
  signals: SignalWatch = watchSignals(around),
): Promise<number> {
  const screen = screenOn(around.stderr);
  const log = logOf(options.log, screen, backend.name);
  const handlers = watchHandlers(around, { signals, log, screen, save: () => {} });
  let http: HttpService | undefined;
  // A worker that waits for a broker to come back may have no socket, and a timer only: it is to outlive that.
  const alive = setInterval(() => {}, 60_000);
  try {
    const say = (text: string) => {
      if (log.mode === "text") screen.line(text);
    };
    const file = await unlessStopped(
      signals,
      handlers.loading(options.handler, loadHandlerFile(options.handler, around.cwd)),
    );
    http = await openHttp(backend, options, { log, screen }, around);
    const observed = { ...log, observer: http.observing(log.observer) };
    const start = reach(Worker.start(backend, file.tasks, workerOptions(options, backend, observed)));
    const worker = await unlessStopped(signals, start);
    await http.look();
    say(`worker ${worker.id} serves ${file.tasks.map((task) => task.name).join(", ")}; SIGTERM or SIGINT stops it`);
    const why = await signals.first;
    const whyText = why instanceof Thrown ? oneLine(thrownText(why.error)) : why;
    say(`worker ${worker.id} stops after ${whyText}, ${worker.status.running} running`);
    await worker.stop();
    const { finished, released } = worker.status;
    say(
      `worker ${worker.id} has stopped: ${countText(finished)} tasks finished, ${countText(released)} frames given back`,
    );
    if (!(why instanceof Thrown)) return 0;
    screen.line(endedLine(thrownText(why.error)));
    return 1;
  } catch (error) {
    return stoppedEarly(error);
  } finally {
    await http?.close();
    handlers.stop();
    clearInterval(alive);
    signals.stop();
  }
}
