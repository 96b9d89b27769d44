import type { BodyCodec } from "./codec/body.ts";
import type { BadFrame, Frame } from "./contract/index.ts";
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

  get(name: string): Task | undefined {
    return this.#byName.get(name);
  }

  of(frame: Frame): Task | undefined {
    return this.#byName.get(frame.tasks[0]?.task ?? "");
  }

  /** What the handler is given: the payload of the frame, through the schema of its task. Rejects where a blob store does not answer. */
  payload(frame: Frame, codec: BodyCodec, signal: AbortSignal): Eventual<{ readonly value: unknown } | BadFrame> {
    const schema = this.of(frame)?.input;
    return chain(codec.payloads(frame, { signal }), (body): Eventual<{ readonly value: unknown } | BadFrame> => {
      if ("bad" in body) return body;
      if (schema === undefined) return { value: body.values[0] };
      return chain(check(schema, body.values[0]), (result) =>
        "wrong" in result ? { bad: "INPUT_INVALID", detail: result.wrong } : result,
      );
    });
  }
}
