import type { Clock } from "@org/dispatch-core/contract";
import type { KafkaPort } from "./port.ts";

/** So long after it was made all brokers know a topic, and a new cluster has a coordinator, or something is wrong. */
const READY_MS = 20_000;
const AGAIN_MS = 50;

/** Asks for what was just made until it is there: a topic is known to one broker after the other, and the first group makes the topic of all commits. */
export async function untilReady<R>(
  port: KafkaPort,
  clock: Clock,
  signal: AbortSignal,
  ask: () => Promise<R>,
): Promise<R> {
  for (const untilMs = clock.now() + READY_MS; ; ) {
    try {
      return await ask();
    } catch (error) {
      const { code } = port.classify(error);
      const isOver = signal.aborted || clock.now() >= untilMs;
      if ((code !== "MISSING" && code !== "UNAVAILABLE") || isOver) throw error;
      await new Promise<void>((resolve) => clock.after(AGAIN_MS, resolve, true));
    }
  }
}
