import { Calls } from "./call.ts";
import { BodyCodec } from "./codec/body.ts";
import type { Backend, Observer } from "./contract/index.ts";
import { Coordinator } from "./coordinator.ts";
import { guard } from "./errors.ts";
import { Outgoing } from "./outgoing.ts";
import type { DispatcherSettings } from "./plan/options.ts";
import { Routes } from "./routes.ts";
import { Tracing } from "./tracing.ts";
import { OPEN_MS } from "./trying.ts";

/** What the runs of a dispatcher and its sends without a result share. */
export class DispatcherParts {
  readonly settings: DispatcherSettings;
  readonly observer: Observer | undefined;
  readonly tracing: Tracing | undefined;
  readonly calls: Calls;
  readonly routes: Routes;
  readonly outgoing: Outgoing;
  readonly coordinator: Coordinator;
  #collecting: Promise<void> | undefined;

  constructor(backend: Backend, settings: DispatcherSettings) {
    const { clock, random, queue } = settings;
    const { profile } = backend;
    this.settings = settings;
    this.observer = guard(settings.observer);
    this.tracing = Tracing.of(settings.tracer);
    this.calls = new Calls({ backend, clock, random, observer: this.observer });
    this.routes = new Routes(profile);
    const codec = new BodyCodec({ ...settings, profile });
    this.outgoing = new Outgoing({ codec, clock, routes: this.routes, queue, profile });
    this.coordinator = new Coordinator(this.calls, this.observer, settings, this.routes, codec);
  }

  /** Opens the queues that are sent to. */
  async open(): Promise<void> {
    const { create, leaseMs, queue, clock } = this.settings;
    const send = [...this.routes.workQueues(queue), ...this.routes.delayQueues(queue)];
    await this.calls.open({ receive: [], send, create, leaseMs, clock }, { deadline: clock.now() + OPEN_MS });
  }

  /** Opens the reply queue, once: when the first run needs it. */
  collect(): Promise<void> {
    this.#collecting ??= this.coordinator.open();
    return this.#collecting;
  }

  /** Cancels the runs, and removes the reply queue. */
  async close(): Promise<void> {
    await this.#collecting?.catch(() => {});
    await this.coordinator.close();
  }
}
