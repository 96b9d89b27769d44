import type { Calls } from "./call.ts";
import { BodyCodec } from "./codec/body.ts";
import type { Backend, Observer } from "./contract/index.ts";
import { Coordinator } from "./coordinator.ts";
import { type Family, openFamily } from "./open-family.ts";
import { Outgoing } from "./outgoing.ts";
import type { DispatcherSettings } from "./plan/options.ts";
import { deadQueue } from "./queues.ts";
import type { Routes } from "./routes.ts";
import { Tracing } from "./tracing.ts";

/** What the runs of a dispatcher and its sends without a result share. */
export class DispatcherParts {
  readonly settings: DispatcherSettings;
  readonly observer: Observer | undefined;
  readonly tracing: Tracing | undefined;
  readonly calls: Calls;
  readonly routes: Routes;
  readonly outgoing: Outgoing;
  readonly coordinator: Coordinator;

  private constructor({ calls, routes, observer }: Family, settings: DispatcherSettings) {
    const { clock, queue } = settings;
    const { profile } = calls.backend;
    this.settings = settings;
    this.observer = observer;
    this.tracing = Tracing.of(settings.tracer);
    this.calls = calls;
    this.routes = routes;
    const codec = new BodyCodec({ ...settings, profile });
    this.outgoing = new Outgoing({ codec, clock, routes: this.routes, queue, profile });
    this.coordinator = new Coordinator(this.calls, this.observer, settings, this.routes, codec);
  }

  static async open(backend: Backend, settings: DispatcherSettings): Promise<DispatcherParts> {
    const { create, queue } = settings;
    // What it may make it makes whole, so that whoever looks after the queue finds all of it, though no worker has been there yet.
    const more = create ? [deadQueue(queue)] : [];
    const family = await openFamily(backend, settings, (send) => ({ receive: [], send: [...send, ...more] }));
    return new DispatcherParts(family, settings);
  }

  /** Opens the reply queue: when the first run needs it. */
  collect(): Promise<void> {
    return this.coordinator.open();
  }

  /** Cancels the runs, and removes the reply queue. */
  close(): Promise<void> {
    return this.coordinator.close();
  }
}
