import type { Headers, OutFrame, TaskInfo } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import { chain, type Eventual } from "../eventual.ts";
import type { Until } from "../retrying.ts";
import type { BodyCodec, Encoded } from "./body.ts";
import { encodeExtension } from "./extension.ts";
import { filledFrame, OutgoingFrame, type OutgoingOptions, writeHead } from "./frame.ts";
import type { Waiting } from "./hop.ts";
import { encodeJson, PLAIN_CODECS } from "./json.ts";

/** What tasks of a sender have in common that are sent alone, each in a frame of its own. */
export interface NewForm {
  readonly run: string;
  readonly task: string;
  readonly coordinator: string | undefined;
  readonly priority: number;
  readonly delayMs: number;
  /** May the broker refuse it as a repeat? Default true. */
  readonly first?: boolean | undefined;
  /** Where it waits for its time, if not in its work queue. */
  readonly waiting?: Waiting | undefined;
  readonly key: string | undefined;
  readonly id: string | undefined;
  readonly headers: Headers | undefined;
  readonly deadlineAt: number | undefined;
  readonly sentAt: number;
}

/** A form for such frames: header and extension are written once, and copied; index and payload are filled in. */
export class TaskForm {
  readonly #head: Buffer;
  readonly #own: OutgoingOptions;
  readonly #codec: BodyCodec | undefined;
  /** How long its tasks wait before they can be run. */
  readonly #delayMs: number;

  /** With a codec bodies are compressed, or go into the blob store, where that helps. */
  constructor(form: NewForm, codec?: BodyCodec) {
    const { run, coordinator, priority, delayMs, waiting, key, sentAt, first = true } = form;
    const info: TaskInfo = { task: form.task, id: form.id, headers: form.headers, deadlineAt: form.deadlineAt };
    const extension = encodeExtension({ firstSentAt: sentAt, coordinator, key, ...waiting, tasks: [info] });
    this.#head = writeHead({ type: "task", priority, run, count: 1 }, extension);
    this.#own = { first, delayMs, key, id: form.id };
    this.#codec = codec;
    this.#delayMs = Math.max(delayMs, (waiting?.dueAt ?? 0) - sentAt);
  }

  /** Throws `INPUT_INVALID` or `TOO_LARGE` for a payload that cannot be carried, and what `encodeBody` throws; where it takes time, rejects. */
  frame(index: number, payload: unknown, until?: Until): Eventual<OutFrame> {
    const json = payloadsJson(payloadJson(payload));
    if (this.#codec?.travelsAsIs(json, this.#head.length) !== false) return this.#filled(index, PLAIN_CODECS, json);
    return this.#encoded(this.#codec, index, json, until);
  }

  #encoded(codec: BodyCodec, index: number, json: string, until: Until | undefined): Eventual<OutFrame> {
    const encoded = codec.encodeBody(json, this.#head.length, { delayMs: this.#delayMs, until });
    return chain(encoded, ({ codecs, body }: Encoded) => this.#filled(index, codecs, body));
  }

  #filled(index: number, codecs: readonly number[], body: string | Uint8Array): OutFrame {
    return new OutgoingFrame(filledFrame(this.#head, index, codecs, body), this.#own);
  }
}

/** A payload as it stands among those of its frame. Throws `INPUT_INVALID` or `TOO_LARGE`. */
export function payloadJson(payload: unknown): string {
  if (typeof payload === "function" || typeof payload === "symbol")
    throw new DispatchError("INPUT_INVALID", `a ${typeof payload} is no payload`);
  return encodeJson(payload ?? null);
}

/** The body of a frame of one task. */
function payloadsJson(json: string): string {
  return `[${json}]`;
}
