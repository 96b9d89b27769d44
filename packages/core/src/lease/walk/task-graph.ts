/** The graph of one task: each state once, with a number, what is wrong in it, and what can come next. It grows as the walk asks. */
import type { Rules, World } from "./bounds.ts";
import { elapse, eventsOf } from "./events.ts";
import { brokenIn, type Limits } from "./invariants.ts";
import { canonical, isDone, over, sent, type TaskState, takesSlot } from "./task-state.ts";

export interface Edge {
  readonly label: string;
  readonly faults: number;
  readonly releases: number;
  readonly rank: number | undefined;
  readonly to: number;
  /** What is wrong with the step itself. */
  readonly broken: readonly string[];
}

export interface Node {
  readonly task: TaskState;
  readonly done: boolean;
  readonly slots: number;
  readonly broken: readonly string[];
  edges: readonly Edge[];
  /** The faults that `edges` may cost at most; -1: not looked at. */
  looked: number;
  /** After a unit of time; -1: time cannot go on yet. */
  later: number | undefined;
}

export class TaskGraph {
  readonly nodes: Node[] = [];
  /** A task that was just sent, and one that is over. */
  readonly start: number;
  readonly over: number;
  readonly #numbers = new Map<string, number>();
  readonly #world: World;
  readonly #rules: Rules;
  readonly #limits: Limits;

  constructor(world: World, rules: Rules, limits: Limits) {
    this.#world = world;
    this.#rules = rules;
    this.#limits = limits;
    this.start = this.#number(sent());
    this.over = this.#number(over());
  }

  node(number: number): Node {
    return this.nodes[number] as Node;
  }

  /** What may come next, of what costs at most so many faults. */
  edges(number: number, faults: number): readonly Edge[] {
    const node = this.node(number);
    if (node.looked < faults) {
      node.edges = this.#cheapest(number, node.task, faults);
      node.looked = faults;
    }
    return node.edges;
  }

  later(number: number): number {
    const node = this.node(number);
    if (node.later === undefined) {
      const after = elapse(node.task, this.#world);
      node.later = after === undefined ? -1 : this.#number(after);
    }
    return node.later;
  }

  /** Of several ways from one state to another the one that uses up least; it leaves most open. */
  #cheapest(number: number, task: TaskState, faults: number): Edge[] {
    const edges = new Map<string, Edge>();
    for (const { after, broken, ...event } of eventsOf(task, this.#world, this.#rules, faults)) {
      const edge = { ...event, broken: [...broken], to: this.#number(after) };
      const key = `${edge.to} ${edge.releases} ${edge.broken}`;
      const other = edges.get(key);
      if (edge.to === number && edge.broken.length === 0) continue;
      if (
        other === undefined ||
        edge.faults < other.faults ||
        (edge.faults === other.faults && edge.label.length < other.label.length)
      )
        edges.set(key, edge);
    }
    return [...edges.values()];
  }

  #number(task: TaskState): number {
    const key = canonical(task, this.#world.fence === true, (line) => this.#rules.fence(line, line.lost));
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const slots = task.holds.filter(takesSlot).length;
    const broken = brokenIn(task, this.#world, this.#rules, this.#limits);
    this.#numbers.set(key, this.nodes.length);
    return this.nodes.push({ task, done: isDone(task), slots, broken, edges: [], looked: -1, later: undefined }) - 1;
  }
}
