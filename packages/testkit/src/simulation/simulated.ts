import type { Observer } from "@org/dispatch-core/contract";
import type { Verb } from "../decorators/intercept.ts";
import type { Process } from "../world/process.ts";
import type { CaseTask } from "../world/worker-process.ts";
import type { DispatcherProcess, World } from "../world/world.ts";
import type { Crew } from "./crew.ts";
import type { Network } from "./network.ts";
import type { Setting } from "./setting.ts";
import type { Trace } from "./trace.ts";

/** What the parts of one simulation know of each other. */
export interface Simulated {
  readonly setting: Setting;
  readonly world: World;
  readonly trace: Trace;
  readonly network: Network;
  readonly crew: Crew;
  readonly dispatcher: DispatcherProcess;
  readonly tasks: readonly CaseTask[];
  /** The verbs that go over the network. */
  readonly verbs: readonly Verb[];
  observer(process: string): Observer;
  /** What is between core and the network. */
  prepare(process: Process): void;
}
