/** The dispatcher, with its worker in the same process. */
import { type CommonOptions, Dispatcher, defineTask, type Run, Worker } from "../../../packages/core/dist/index.js";
import { memory } from "../../../packages/core/dist/memory.js";
import { type Idle, type MakeSubject, noOp, type Subject, type SubjectOptions, type Take } from "../subject.ts";
import { Feed } from "./feed.ts";
import type { Form } from "./forms.ts";

/** Handlers that wait for nothing gain from being handed out in large groups. */
const CONCURRENCY = 1_000;

/** So many sends at a time fill every batch. */
const SENDS = 2_000;

type Observing = Pick<CommonOptions, "observer" | "tracer">;

const task = defineTask<number, number>({ name: "default", handler: noOp });

/** A subject that sends in the given form. `observing`: what watches its dispatcher and its worker, end to end. */
export function dispatchSubject(form: Form, observing: () => Observing = () => ({})): MakeSubject {
  return (options) => new DispatchSubject(form, options, observing);
}

class DispatchSubject implements Subject {
  readonly #form: Form;
  readonly #options: SubjectOptions;
  readonly #observing: () => Observing;

  constructor(form: Form, options: SubjectOptions, observing: () => Observing) {
    this.#form = form;
    this.#options = options;
    this.#observing = observing;
  }

  async endToEnd(count: number, take: Take): Promise<void> {
    await using backend = memory();
    const wrapped = this.#options.wrap(backend);
    const observing = this.#observing();
    await using dispatcher = await Dispatcher.open(wrapped, observing);
    await using _worker = await Worker.start(wrapped, task, { concurrency: CONCURRENCY, ...observing });
    for await (const { value } of dispatcher.run<number, number>(task, payloads(count), this.#form.options))
      take(value as number);
  }

  async fill(count: number) {
    const backend = memory();
    const dispatcher = await Dispatcher.open(backend);
    for (let first = 0; first < count; first += SENDS) {
      const sends = Array.from({ length: Math.min(SENDS, count - first) }, (_, index) =>
        dispatcher.send(task, first + index),
      );
      await Promise.all(sends);
    }
    return {
      async drain(take: Take) {
        await using _backend = backend;
        await using _dispatcher = dispatcher;
        const drained = Promise.withResolvers<void>();
        let left = count;
        const handler = (payload: number) => {
          take(payload);
          left -= 1;
          if (left === 0) drained.resolve();
        };
        const taking = defineTask<number, void>({ name: task.name, handler });
        await using _worker = await Worker.start(backend, taking, { concurrency: CONCURRENCY });
        await drained.promise;
      },
    };
  }

  async idle(): Promise<Idle> {
    const backend = memory();
    const dispatcher = await Dispatcher.open(backend);
    const worker = await Worker.start(backend, task, { concurrency: CONCURRENCY });
    const feed = new Feed<number>();
    const run: Run<number> = dispatcher.run<number, number>(task, feed, this.#form.options);
    const results = run[Symbol.asyncIterator]();
    return {
      async one(payload) {
        feed.push(payload);
        const { value } = await results.next();
        return value.value;
      },
      async close() {
        run.endInput();
        await results.next();
        await worker.stop();
        await dispatcher.close();
        await backend.close();
      },
    };
  }
}

function* payloads(count: number): Generator<number> {
  for (let payload = 0; payload < count; payload += 1) yield payload;
}
