import type { Calls } from "../call.ts";
import type { OutFrame, Queue, Receipt } from "../contract/index.ts";

/** Puts a frame that could not be read among the dead letters, and takes it off its queue: in one step where the broker can, else send first. */
export async function rejectFrame(
  calls: Calls,
  receipt: Receipt,
  dead: Queue,
  letter: OutFrame,
  deadline: number,
): Promise<void> {
  const until = { deadline };
  if (calls.backend.profile.verbs.includes("move")) {
    await calls.move([{ receipts: [{ receipt, ack: true }], sends: [{ queue: dead, frame: letter }] }], until);
    return;
  }
  const [sent] = await calls.send(dead, [letter], until);
  if (sent === "ok") await calls.settle([{ kind: "ack", receipt }], until);
}
