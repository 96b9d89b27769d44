import type { Queue } from "./contract/index.ts";

/** The lane of a task when there is only one. */
export const MIDDLE_LANE = "normal";

export function workQueue(of: string, lane: string = MIDDLE_LANE): Queue {
  return { role: "work", name: lane, of };
}

export function replyQueue(of: string, coordinator: string): Queue {
  return { role: "reply", name: coordinator, of };
}

export function deadQueue(of: string): Queue {
  return { role: "dead", name: "dead", of };
}

/** Where tasks wait whose delay is longer than the broker's own. */
export function laterQueue(of: string): Queue {
  return { role: "later", name: "later", of };
}

/** Where tasks wait for `tierMs`, one queue of the whole namespace for each. */
export function tierQueue(tierMs: number): Queue {
  return { role: "tier", name: String(tierMs), of: "" };
}
