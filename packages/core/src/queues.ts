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
