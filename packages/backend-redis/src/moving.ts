import type { Move, MoveOutcome } from "@org/dispatch-core/contract";
import type { Place } from "./keys.ts";
import { tooLarge } from "./redis-error.ts";
import { scripts } from "./script.ts";
import type { ScriptRunner } from "./script-runner.ts";
import { moveBlob, moveOutcome } from "./wire.ts";

/** All moves of a family of queues in one script, families side by side. A family whose call fails is an outcome of its moves. */
export async function moveAll(
  runner: ScriptRunner,
  frameBytes: number,
  moves: readonly Move[],
  signal: AbortSignal,
): Promise<readonly MoveOutcome[]> {
  const outcomes: MoveOutcome[] = new Array(moves.length);
  const families = new Map<string, number[]>();
  moves.forEach((move, index) => {
    const large = move.sends.find(({ frame }) => frame.bytes.length > frameBytes);
    if (large !== undefined) outcomes[index] = { failed: tooLarge(large.frame.bytes.length, frameBytes) };
    else {
      const of = (move.receipts[0]?.receipt.queue ?? move.sends[0]?.queue)?.of ?? "";
      const family = families.get(of);
      if (family === undefined) families.set(of, [index]);
      else family.push(index);
    }
  });
  const moveFamily = async (family: readonly number[]) => {
    const places: Place[] = [];
    const own = family.map((index) => moves[index] as Move);
    const blob = moveBlob(own, places, (queue) => runner.place(queue));
    const args = [places.map(({ kind }) => kind).join(""), places.map(({ keepMs }) => keepMs).join(), blob];
    const answers = await runner.write(scripts.move, places, args, signal).catch((failed: unknown) => ({ failed }));
    family.forEach((index, nth) => {
      outcomes[index] = Array.isArray(answers)
        ? moveOutcome(answers[nth] as Buffer, moves[index] as Move)
        : (answers as { failed: unknown });
    });
  };
  await Promise.all([...families.values()].map(moveFamily));
  return outcomes;
}
