import { describe, expect, it } from "vitest";
import { deadQueue } from "../queues.ts";
import { outFrame } from "../testing/frames.ts";
import { BrokerError, receiptOf, scripted } from "../testing/scripted-backend.ts";
import { rejectFrame } from "./rejection.ts";

function reject(verbs: readonly "move"[], change?: (world: ReturnType<typeof scripted>) => void) {
  const world = scripted({ verbs });
  change?.(world);
  const letter = outFrame();
  const done = rejectFrame(world.calls, receiptOf("a"), deadQueue("default"), letter, 1_000);
  return { ...world, letter, done };
}

describe("rejectFrame", () => {
  it("moves in one step where the broker can", async () => {
    const { backend, letter, done } = reject(["move"]);
    await done;
    expect(backend.log).toEqual(["move a"]);
    expect(backend.sent).toEqual([{ queue: deadQueue("default"), frame: letter }]);
  });

  it("sends first and acks second where it cannot", async () => {
    const { backend, done } = reject([]);
    await done;
    expect(backend.log).toEqual(["send dead/dead", "ack a"]);
  });

  it.each<[string, (world: ReturnType<typeof scripted>) => void]>([
    ["fails", ({ backend }) => (backend.onSend = () => { throw new BrokerError("DENIED"); })], // biome-ignore format: one line each
    ["finds no queue", ({ backend }) => (backend.onSend = (_, frames) => frames.map(() => "gone"))],
  ])("does not ack when the send %s", async (_, change) => {
    const { backend, done } = reject([], change);
    await done;
    expect(backend.log).toEqual(["send dead/dead"]);
  });

  it("ends with the lease, and never throws", async () => {
    const { backend, clock, done } = reject(["move"], (world) => {
      world.backend.onMove = () => {
        throw new BrokerError("UNAVAILABLE");
      };
    });
    await clock.advance(1_000);
    await done;
    const tries = backend.log.length;
    await clock.advance(100_000);
    expect(backend.log).toHaveLength(tries);
  });
});
