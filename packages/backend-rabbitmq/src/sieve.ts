import type { SendOutcome } from "@org/dispatch-core/contract";
import { Confirms } from "./confirms.ts";
import type { Line } from "./link.ts";
import type { Sending } from "./message.ts";

/**
 * The server has ended a channel because of one of these, and does not say of which: it may have taken what came before it, and has thrown away what came
 * after. Each goes out once more, in order, alone on its channel until it is answered. So the one that is refused learns why and stops no other, and of
 * each there is one copy at most, of those that were taken and not confirmed. Channels of their own, since a shared one would end for others, too.
 */
export async function sieve(line: Line, doubtful: readonly Sending[]): Promise<void> {
  let confirms: Confirms | undefined;
  for (const sending of doubtful) {
    if (sending.signal.aborted) continue;
    try {
      if (confirms === undefined || confirms.isOver) confirms = new Confirms(await line.confirmChannel());
      sending.done(await alone(confirms, sending));
    } catch (failed) {
      sending.done({ failed });
    }
  }
  confirms?.close();
}

function alone(confirms: Confirms, sending: Sending): Promise<SendOutcome> {
  return new Promise((done) => confirms.publish({ ...sending, done }));
}
