import type { BodyCodec, Payloads } from "./codec/body.ts";
import type { BadFrame, Frame, StandardSchema } from "./contract/index.ts";
import { DispatchError } from "./errors.ts";
import { chain, type Eventual } from "./eventual.ts";
import { check } from "./work/schema.ts";
import type { Task } from "./work/task.ts";

/** The tasks that a worker has handlers for. */
export class ServedTasks {
  readonly #byName = new Map<string, Task>();

  /** Throws `CONFIG_INVALID` for none, or for two of one name. */
  constructor(tasks: readonly Task[]) {
    for (const task of tasks) {
      if (this.#byName.has(task.name)) throw new DispatchError("CONFIG_INVALID", `two tasks are called ${task.name}`);
      this.#byName.set(task.name, task);
    }
    if (this.#byName.size === 0) throw new DispatchError("CONFIG_INVALID", "a worker needs at least one task");
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  get(name: string): Task | undefined {
    return this.#byName.get(name);
  }

  of(frame: Frame): Task | undefined {
    return this.#byName.get(frame.tasks[0]?.task ?? "");
  }

  /** What the handler is given: the payload of a frame of one task, through its schema. Rejects where a blob store does not answer. */
  payload(frame: Frame, codec: BodyCodec, signal: AbortSignal): Eventual<{ readonly value: unknown } | BadFrame> {
    const body = codec.payloads(frame, { signal });
    return body instanceof Promise ? this.#loaded(frame, body) : this.#first(frame, body);
  }

  async #loaded(frame: Frame, loading: Promise<Payloads>): Promise<{ readonly value: unknown } | BadFrame> {
    return this.#first(frame, await loading);
  }

  #first(frame: Frame, body: Payloads): Eventual<{ readonly value: unknown } | BadFrame> {
    return "bad" in body ? body : this.checked(frame, { value: body.values[0] });
  }

  /** A payload as its schema leaves it, or what is wrong with it. */
  checked(frame: Frame, payload: { readonly value: unknown }): Eventual<{ readonly value: unknown } | BadFrame> {
    const schema = this.of(frame)?.input;
    return schema === undefined ? payload : checkedBy(schema, payload.value);
  }
}

function checkedBy(schema: StandardSchema, payload: unknown): Eventual<{ readonly value: unknown } | BadFrame> {
  return chain(check(schema, payload), (result) =>
    "wrong" in result ? { bad: "INPUT_INVALID", detail: result.wrong } : result,
  );
}
