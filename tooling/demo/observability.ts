/** `./dev demo observability`: real processes are broken, and the alerts of a real Prometheus fire and clear. */
import { readAlerts } from "../alerts/rules.ts";
import { AlertWatch } from "./alert-watch.ts";
import { faults } from "./faults.ts";
import { releaseServices } from "./own-services.ts";
import { World } from "./world.ts";

export interface DemoOptions {
  /** When all is over, keeps everything running until the signal, to be looked at. */
  readonly hold: boolean;
}

/** Runs to its end, or until the signal; then everything that it started has ended. Answers whether each fault's alerts have fired and cleared. */
export async function demonstrate(
  say: (line: string) => void,
  signal: AbortSignal,
  options: DemoOptions,
): Promise<boolean> {
  const begun = performance.now();
  const tell = (text: string) => say(`${((performance.now() - begun) / 1_000).toFixed(1).padStart(6)} s  ${text}`);
  let world: World | undefined;
  try {
    tell("starting Redis, Prometheus, a run and a worker (what is missing is fetched once) …");
    world = await World.start();
    signal.throwIfAborted();
    return await play(world, tell, signal, options);
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  } finally {
    tell("ending all that was started …");
    await (world?.stop() ?? releaseServices());
  }
}

async function play(
  world: World,
  tell: (text: string) => void,
  signal: AbortSignal,
  { hold }: DemoOptions,
): Promise<boolean> {
  const pages = new Map((await readAlerts()).map(({ alert, annotations }) => [alert, pageOf(annotations.runbook_url)]));
  const { coordinator, worker } = world.addresses;
  tell(`Prometheus at ${world.prometheusUrl}/alerts, with a minute of ops/prometheus/rules.yml as a second`);
  tell(`the run at ${coordinator}/metrics, the worker at ${worker}/metrics`);
  const ended = new AbortController();
  const both = AbortSignal.any([signal, ended.signal]);
  const watch = new AlertWatch(world.prometheusUrl, ({ alert, state, summary }) => {
    if (state === "firing") tell(`FIRING   ${alert}: ${summary} (${pages.get(alert)})`);
    else if (state === "pending") tell(`pending  ${alert}`);
    else tell(`${watch.fired.has(alert) ? "cleared " : "went by "} ${alert}`);
  });
  const watching = watch.watch(both);
  // A Prometheus that does not answer ends the waiting, too.
  watching.catch(() => ended.abort());
  try {
    await playFaults(world, watch, tell, both);
    tell(`all ${faults.flatMap(({ alerts }) => alerts).length} alerts have fired and cleared`);
    if (hold) {
      tell("everything goes on until Ctrl-C");
      if (!both.aborted)
        await new Promise<void>((resolve) => both.addEventListener("abort", () => resolve(), { once: true }));
    }
  } catch (error) {
    await watching;
    throw error;
  } finally {
    ended.abort();
  }
  await watching;
  return true;
}

async function playFaults(world: World, watch: AlertWatch, tell: (text: string) => void, signal: AbortSignal) {
  let unsettled: string[] = [];
  for (const { breaks, mends, alerts, alone, ...fault } of faults) {
    if (alone) await watch.untilCleared(unsettled, signal);
    tell(`BREAK    ${breaks}: wanted ${alerts.join(", ")}`);
    await fault.break(world);
    await watch.untilFiring(alerts, signal);
    tell(`MEND     ${mends}`);
    await fault.mend(world);
    unsettled = [...(alone ? [] : unsettled), ...alerts];
  }
  await watch.untilCleared(unsettled, signal);
}

/** Of this tree. */
function pageOf(url = ""): string {
  return url.replace(/^.*\/docs\//, "docs/");
}
