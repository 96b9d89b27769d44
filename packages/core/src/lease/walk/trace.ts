/** A way through the walk, for people to read. */

import type { TaskGraph } from "./task-graph.ts";
import type { Line, TaskState } from "./task-state.ts";

const NAMES = ["A", "B", "C"];

/** `path`: the sorted states, from the first to the last. The tasks keep their names. */
export function replay(graph: TaskGraph, path: readonly (readonly number[])[]): string[] {
  const lines: string[] = [];
  const tasks = [...(path[0] ?? [])];
  for (const state of path.slice(1)) {
    const [gone, come] = [without(tasks, state), without(state, tasks)];
    if (gone.length === 1 || (gone.length === 0 && come.length === 0)) {
      const from = gone[0] ?? (tasks.find((task) => graph.node(task).edges.some(({ to }) => to === task)) as number);
      const to = come[0] ?? from;
      const edge = from === undefined ? undefined : graph.node(from).edges.find((one) => one.to === to);
      if (edge !== undefined) {
        const place = tasks.indexOf(from);
        tasks[place] = to;
        lines.push(`${lines.length + 1}. task ${NAMES[place]}: ${edge.label}`);
        continue;
      }
    }
    tasks.forEach((task, place) => {
      tasks[place] = graph.later(task);
    });
    lines.push(`${lines.length + 1}. a unit of time goes by`);
  }
  const start = path[0] ?? [];
  tasks.forEach((task, place) => {
    if (task !== start[place] || path.length === 1)
      lines.push(`then task ${NAMES[place]}: ${describeTask(graph.node(task).task)}`);
  });
  return lines;
}

function describeTask({ frames, holds, messages, replies, outcome }: TaskState): string {
  const parts = [
    ...frames.map(({ line, redelivery, lease }) => {
      const where = lease === undefined ? "ready" : `leased to grant ${lease.grant} for ${lease.left}`;
      return `frame ${nameOf(line)}${redelivery > 0 ? ` lost ${redelivery} more` : ""} ${where}`;
    }),
    ...holds.map(({ grant, line, state, frozen, handler }) => {
      const left = "deadline" in state ? ` for ${state.deadline}` : "";
      return `grant ${grant} of ${nameOf(line)} ${state.at}${left}${handler ? ", handler at work" : ""}${frozen ? ", frozen" : ""}`;
    }),
    ...messages.map(({ kind, grant }) => `a ${kind} of grant ${grant} under way`),
    ...replies.map(({ outcome: end, line }) => `result ${end} of ${nameOf(line)} waiting`),
    outcome === undefined ? "no outcome" : `outcome ${outcome.outcome} of ${nameOf(outcome.line)}`,
  ];
  return parts.join("; ");
}

function nameOf({ attempt, copy, lost }: Line): string {
  return `0.${attempt}~${copy}+${lost}`;
}

/** What is in `these` more often than in `those`. */
function without(these: readonly number[], those: readonly number[]): number[] {
  const rest = [...those];
  return these.filter((one) => {
    const place = rest.indexOf(one);
    if (place >= 0) rest.splice(place, 1);
    return place < 0;
  });
}
