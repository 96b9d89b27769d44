export { CONVENTIONS_VERSION } from "./conventions.ts";
export type { TracesOptions } from "./options.ts";
export { Traces } from "./traces.ts";
