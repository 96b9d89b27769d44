import type { Context, DispatchError } from "@org/dispatch-core";
import type { Backend, CallCode } from "@org/dispatch-core/contract";
import { intercept } from "../decorators/intercept.ts";
import { FaultError } from "../decorators/wrap.ts";
import type { WorkerProcess } from "../world/worker-process.ts";
import type { WORK, World } from "../world/world.ts";

// How the codes of errors.ts are raised; not a part of the package.

/** Answers the code that a user sees. */
export type Raise = (world: World) => Promise<unknown>;

export const thrown = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return (error as DispatchError).code;
  }
  return "nothing was thrown";
};

/** The code with which a send ends. */
export const sending: Raise = async (world) => {
  const { dispatcher } = await world.dispatcher();
  return thrown(world.time.wait(dispatcher.send("default", 1), "send answers"));
};

/** The code with which the one task of a run ends, under this handler. */
export const ending =
  (
    handler: (payload: unknown, context: Context, host: WorkerProcess) => unknown,
    inputs: readonly unknown[] = [1],
    options: object = {},
  ): Raise =>
  async (world) => {
    const { dispatcher } = await world.dispatcher();
    await world.worker({ handler }, { maxAttempts: 1, timeoutMs: 1_000, ...options });
    const [result] = await world.results(dispatcher.run("default", inputs, {}));
    return result?.error?.code;
  };

/** The code with which the signal of a hanging handler fires, after this was done to its worker. */
export const aborting =
  (act: (world: World, host: WorkerProcess) => unknown): Raise =>
  async (world) => {
    const { dispatcher } = await world.dispatcher();
    const options = { drainMs: 10, timeoutMs: world.leaseMs * 100 };
    const host = await world.worker({ handler: (_, { signal }, own) => world.sleep(1e9, own, signal) }, options);
    await world.time.wait(dispatcher.send("default", 1), "send answers");
    await world.time.until(() => world.ledger.runs.length === 1, "the handler runs");
    await act(world, host);
    await world.time.until(() => world.ledger.runs[0]?.aborted !== undefined, "its signal fires");
    return world.ledger.runs[0]?.aborted;
  };

export const failing =
  (code: CallCode, verb = "send") =>
  (backend: Backend) =>
    intercept(backend, async (call) => {
      if (call.verb === verb) throw new FaultError(code, `a broker's own words for ${code}`);
      return call.proceed();
    });

/** A task frame whose bytes were changed on the way. */
export const forging = (change: (bytes: Buffer) => void) => (backend: Backend) =>
  intercept(backend, ({ verb, args, proceed }) => {
    const [queue, frames, signal] = args as [typeof WORK, readonly { readonly bytes: Uint8Array }[], AbortSignal];
    if (verb !== "send" || queue.role !== "work") return proceed();
    for (const { bytes } of frames) change(bytes as Buffer);
    return proceed(queue, frames, signal);
  });

export const fail = () => {
  throw new Error("no luck");
};

/** As `World.sleep`, for tables that have no world yet. */
export function sleepIn({ process }: WorkerProcess, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    process.clock.after(1e9, resolve);
    signal.addEventListener("abort", () => resolve());
  });
}
