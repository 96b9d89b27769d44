import { dirname, join } from "node:path";
import { joinObservers, QueueAdmin } from "@org/dispatch-core";
import type { Backend, Observer } from "@org/dispatch-core/contract";
import type * as MetricsModule from "@org/dispatch-metrics";
import { messageOf, misuse, oneLine } from "./failure.ts";
import { importPackage } from "./installed-package.ts";
import type { Log } from "./log.ts";
import { addressOf } from "./options.ts";
import type { Screen } from "./screen.ts";
import type { Surroundings } from "./surroundings.ts";
import { queueAdminOptions, type WorkOptions } from "./work-options.ts";

/** Metrics, health and scale over HTTP, for as long as a command runs; without `--http` nothing of it. */
export interface HttpService {
  /** This one and the given one. */
  observing(observer: Observer | undefined): Observer | undefined;
  /** From now on, before an answer the broker is asked how its queue stands. For when it was reached. */
  look(): Promise<void>;
  close(): Promise<void>;
}

const NONE: HttpService = { observing: (observer) => observer, look: async () => {}, close: async () => {} };

const PACKAGE = "@org/dispatch-metrics";

/** A look that takes longer says that the broker is away. */
const LOOK_MS = 2_000;

/**
 * Listens where `--http` says. Throws CONFIG_INVALID where the package is missing, or nobody can listen there. It listens before the broker is reached:
 * whoever asks is told that it is not.
 */
export async function openHttp(
  backend: Backend,
  options: WorkOptions,
  { log, screen }: { readonly log: Log; readonly screen: Screen },
  around: Pick<Surroundings, "cwd" | "home" | "clock">,
): Promise<HttpService> {
  const address = options.http === undefined ? undefined : addressOf(options.http);
  if (address === undefined) return NONE;
  const { Metrics, serveMetrics } = await importMetrics(around);
  // Where workers share partitions, one without any is granted nothing, however much there is to do.
  const health = backend.profile.sharing === "partition" ? { grantMs: 0 } : {};
  const metrics = Metrics.open({ health, clock: around.clock });
  const observer = metrics.observerOf(backend.name);
  let admin: QueueAdmin | undefined;
  const look = async () => admin?.status({ timeoutMs: LOOK_MS });
  const server = await serveMetrics(metrics, { ...address, look }).catch((error: unknown) => {
    metrics.close();
    throw misuse(`--http ${options.http}: ${messageOf(error)}`, { cause: error });
  });
  if (log.mode === "text") screen.line(`metrics, health and scale at ${server.url}`);
  else log.logger.info({ event: "http_listening", url: server.url });
  return {
    observing: (other) => joinObservers(observer, other),
    async look() {
      if (!backend.profile.verbs.includes("depth")) return;
      try {
        admin = await QueueAdmin.open(backend, queueAdminOptions(options, backend, observer));
      } catch (error) {
        // It may have no right to all that a queue has: then what the worker itself sees has to do.
        log.logger.warn({}, `how the queue stands cannot be asked: ${oneLine(messageOf(error))}`);
      }
    },
    async close() {
      await server.close();
      metrics.close();
    },
  };
}

async function importMetrics(around: Pick<Surroundings, "cwd" | "home">): Promise<typeof MetricsModule> {
  const found = await importPackage(PACKAGE, [join(around.cwd, "package.json"), around.home]);
  const module = found.module as Partial<typeof MetricsModule>;
  if (typeof module.Metrics?.open === "function" && typeof module.serveMetrics === "function")
    return module as typeof MetricsModule;
  throw misuse(`the package ${PACKAGE} in ${dirname(found.entry)} serves no metrics: is it of another version?`);
}
