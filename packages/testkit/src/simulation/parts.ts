import type { Observer } from "@org/dispatch-core/contract";
import type { Verb } from "../decorators/intercept.ts";
import type { Process } from "../world/process.ts";
import type { CaseTask } from "../world/worker-process.ts";
import type { DispatcherProcess, World } from "../world/world.ts";
import type { Network } from "./network.ts";
import type { Setting } from "./setting.ts";
import type { Trace } from "./trace.ts";

/** What the parts of one simulation share. */
export interface Parts {
  readonly setting: Setting;
  readonly world: World;
  readonly trace: Trace;
  readonly network: Network;
  readonly dispatcher: DispatcherProcess;
  readonly tasks: readonly CaseTask[];
  /** The verbs that go over the network. */
  readonly verbs: readonly Verb[];
  observer(process: string): Observer;
  /** What is between core and the network. */
  prepare(process: Process): void;
}
