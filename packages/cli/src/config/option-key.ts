import type { Kind, Value } from "./kinds.ts";

/** A backend that some keys are for. */
export type AdapterName = "memory" | "redis" | "sqs" | "rabbitmq" | "kafka";

/** The chapters of the keys. */
export type Part = "command" | "tasks" | "worker" | "run" | "packs" | "memory" | "connection";

/** An option, under the name that the API has for it. A dot leads into a group: `backoff.baseMs`. */
export interface OptionKey {
  readonly key: string;
  readonly part: Part;
  readonly kind: Kind;
  /** What it is, as a sentence without its end. */
  readonly about: string;
  /** Absent where `otherwise` says it in words. */
  readonly default?: Value;
  /** What holds where it is not given and no single value says it. */
  readonly otherwise?: string;
  /** The flag of the command line that says the same. */
  readonly flag?: string;
  /** The backends that it is for; absent: all. */
  readonly backends?: readonly AdapterName[];
  /** Is its value never to be shown? */
  readonly secret?: boolean;
  /** Does it say where a broker is, or who knocks? A URL on the command line takes the place of all of these. */
  readonly address?: boolean;
}

/** A key of the Python dispatcher's files, and the options that it stands for. */
export interface PythonKey {
  readonly key: string;
  readonly kind: Kind;
  /** What its value is, where that is not the option's. */
  readonly about: string;
  readonly backends?: readonly AdapterName[];
  /** The options, each with what it is given of what the kind has read. */
  readonly to: Readonly<Record<string, (value: Value) => Value>>;
}
