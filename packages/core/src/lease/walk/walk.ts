/**
 * Looks at every state that three tasks and their workers can reach, breadth first, so that what is found first is a shortest way to it.
 *
 * A state is the three tasks' states and what was used up of the bounds. Tasks are alike, so the three are kept sorted; workers are alike, so a worker
 * is known by what it holds, and whoever holds nothing is only counted: that is the whole symmetry of tasks and workers. Tasks meet in the workers'
 * slots, in the faults that are left, and in time, which goes on for all at once.
 *
 * The bounds: each worker has one slot, which a handler that was aborted keeps until it returns; at most so many faults and releases in all (`World`); a
 * lease of three units, of which its holder counts on two; a message that is neither lost nor late arrives before anything else happens to its task; a
 * healthy keeper asks for a renewal in time, and a frame that nobody holds any more may expire at once. A late message, a frozen worker and the broker's
 * expiry take any time.
 *
 * Not in it: resends and redrives (the round), packs, lanes, delays (a frame that waits is one that nobody takes yet), what a worker remembers to have
 * forwarded, and a broker that loses frames.
 */
import type { Rules, World } from "./bounds.ts";
import type { Limits } from "./invariants.ts";
import { Column, StateSet } from "./state-set.ts";
import { TaskGraph } from "./task-graph.ts";
import { replay } from "./trace.ts";

export interface Found {
  readonly broken: readonly string[];
  /** The steps from the beginning, one line each, and the state at the end. */
  readonly trace: readonly string[];
}

export interface Walked {
  readonly states: number;
  readonly transitions: number;
  readonly taskStates: number;
  readonly seconds: number;
  /** Nothing was left out, but for what the bounds leave out. */
  readonly complete: boolean;
  readonly found: Found | undefined;
  /** How often each kind of step stands in the graph of one task. */
  readonly labels: ReadonlyMap<string, number>;
  /** The ends that were reached. */
  readonly ends: number;
}

/** `ignore`: ids of invariants, or whole wordings, that are not looked at. `mostStates`: more ends the walk as incomplete. */
export function walk(
  world: World,
  rules: Rules,
  limits: Limits,
  ignore: readonly string[] = [],
  mostStates = 20_000_000,
): Walked {
  const startedAt = performance.now();
  const graph = new TaskGraph(world, rules, limits);
  const states = new StateSet();
  const parents = new Column();
  const ahead = new Column();
  const perFault = world.releases + 1;
  let transitions = 0;
  let ends = 0;
  let found: Found | undefined;
  const matters = (broken: readonly string[]) =>
    broken.filter((text) => !ignore.some((id) => text === id || text.startsWith(`${id}:`)));

  const begin = [0, 1, 2]
    .map((place) => (place < world.tasks ? graph.start : graph.over))
    .sort((one, other) => one - other);
  states.add(begin[0] as number, begin[1] as number, begin[2] as number, 0);
  let from = 0;
  for (; from < states.size && found === undefined && states.size < mostStates; from += 1) {
    const tasks = [states.at(from, 0), states.at(from, 1), states.at(from, 2)] as const;
    const used = states.at(from, 3);
    const releasesUsed = used % perFault;
    const faultsUsed = (used - releasesUsed) / perFault;
    const slots = graph.node(tasks[0]).slots + graph.node(tasks[1]).slots + graph.node(tasks[2]).slots;
    let best = Number.POSITIVE_INFINITY;
    for (let place = 0; place < 3 && found === undefined; place += 1) {
      const task = tasks[place] as number;
      // Tasks in one state are alike: what one of them does stands for all.
      if (place > 0 && tasks[place - 1] === task) continue;
      const one = place === 0 ? tasks[1] : tasks[0];
      const two = place === 2 ? tasks[1] : tasks[2];
      const others = slots - graph.node(task).slots;
      for (const { faults, releases, rank, to, broken } of graph.edges(task, world.faults - faultsUsed)) {
        if (faultsUsed + faults > world.faults || releasesUsed + releases > world.releases) continue;
        if (others + graph.node(to).slots > world.workers) continue;
        if (broken.length > 0) {
          const wrong = matters([...broken, ...graph.node(to).broken]);
          if (wrong.length > 0) report([...pathTo(from), [one, two, to]], wrong);
        }
        const index = visit(one, two, to, used + faults * perFault + releases);
        if (rank === undefined || rank >= best) continue;
        best = rank;
        ahead.set(from, index);
      }
    }
    const later = [graph.later(tasks[0]), graph.later(tasks[1]), graph.later(tasks[2])] as const;
    if (found === undefined && later[0] >= 0 && later[1] >= 0 && later[2] >= 0) {
      const index = visit(later[0], later[1], later[2], used);
      if (index !== from && best === Number.POSITIVE_INFINITY) ahead.set(from, index);
    }
    if (tasks.every((task) => graph.node(task).done)) {
      ends += 1;
      ahead.set(from, from);
    }
  }
  const complete = found === undefined && from === states.size;
  if (complete) stuck();
  const labels = new Map<string, number>();
  for (const { edges } of graph.nodes) {
    for (const { label } of edges) {
      const kind = label.replace(/\d+(~\d+)?/g, "n");
      labels.set(kind, (labels.get(kind) ?? 0) + 1);
    }
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  return { states: states.size, transitions, taskStates: graph.nodes.length, seconds, complete, found, labels, ends };

  function visit(one: number, two: number, three: number, used: number): number {
    transitions += 1;
    let [low, middle, high] = [one, two, three];
    if (low > middle) [low, middle] = [middle, low];
    if (middle > high) [middle, high] = [high, middle];
    if (low > middle) [low, middle] = [middle, low];
    const size = states.size;
    const index = states.add(low, middle, high, used);
    if (states.size > size) {
      parents.set(index, from);
      check(low, low, middle, high);
      check(middle, low, middle, high);
      check(high, low, middle, high);
    }
    return index;
  }

  function check(task: number, low: number, middle: number, high: number): void {
    const { broken } = graph.node(task);
    if (broken.length === 0 || found !== undefined) return;
    const wrong = matters(broken);
    if (wrong.length > 0) report([...pathTo(from), [low, middle, high]], wrong);
  }

  function report(path: readonly (readonly number[])[], broken: readonly string[]): void {
    found ??= { broken, trace: replay(graph, path) };
  }

  function pathTo(last: number): (readonly number[])[] {
    const path: (readonly number[])[] = [];
    for (let index = last; index >= 0; index = parents.get(index))
      path.unshift([0, 1, 2].map((place) => states.at(index, place)));
    return path;
  }

  /** L1: from every state, with no more faults, one healthy worker after the other comes to the end. */
  function stuck(): void {
    const good = new Column();
    for (let index = 0; index < states.size && found === undefined; index += 1) {
      const path: number[] = [];
      let at = index;
      while (at >= 0 && good.get(at) < 0 && path.length < 10_000) {
        path.push(at);
        const next = ahead.get(at);
        if (next === at) break;
        at = next;
      }
      if (at < 0 || path.length >= 10_000) report(pathTo(index), ["L1: no way leads to the end"]);
      for (const passed of path) good.set(passed, 1);
    }
  }
}
