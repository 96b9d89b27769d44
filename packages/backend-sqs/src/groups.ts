import { createHash, randomUUID } from "node:crypto";
import type { OutFrame } from "@org/dispatch-core/contract";

/** Where a message of a FIFO queue belongs, and by what a repeat of its send is known. */
export interface Place {
  readonly MessageGroupId: string;
  readonly MessageDeduplicationId: string;
}

/** "The maximum length of MessageGroupId is 128 characters": letters, digits and punctuation (API reference, SendMessage). */
const GROUP = /^[!-~]{1,124}$/;

/** Message groups: one for each key. What has no key has a group for itself, because of each group only one batch is held at a time. */
export class Groups {
  /**
   * A send whose answer was lost comes again with the same frame: within five minutes SQS takes it for what it is. By the frame's name it would also take
   * for a repeat what is sent again on purpose, and say nothing.
   */
  readonly #ids = new WeakMap<OutFrame, string>();

  of(frame: OutFrame): Place {
    const MessageDeduplicationId = this.#ids.get(frame) ?? randomUUID();
    this.#ids.set(frame, MessageDeduplicationId);
    return { MessageGroupId: groupOf(frame.key, MessageDeduplicationId), MessageDeduplicationId };
  }
}

/** The same message once more, in its group. */
export function newPlace(MessageGroupId: string): Place {
  return { MessageGroupId, MessageDeduplicationId: randomUUID() };
}

function groupOf(key: string | undefined, alone: string): string {
  if (key === undefined) return `one:${alone}`;
  return GROUP.test(key) ? `key:${key}` : `sha:${createHash("sha256").update(key).digest("base64url")}`;
}
