import type { Given } from "./givens.ts";
import type { Value } from "./kinds.ts";
import type { OptionKey } from "./option-key.ts";

/** Where a value comes from. */
export type Origin =
  | { readonly from: "command line"; readonly flag: string }
  | (Pick<Given, "path" | "line" | "names"> & { readonly from: "file" })
  | { readonly from: "default" }
  /** It follows from what another option says. */
  | { readonly from: "option"; readonly key: string };

/** One option with what is in force. */
export interface Setting {
  readonly option: OptionKey;
  /** Absent where nothing is given and the default is no single value. */
  readonly value: Value | undefined;
  readonly origin: Origin;
}
