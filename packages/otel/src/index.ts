export { CONVENTIONS_VERSION } from "./conventions.ts";
export { Traces, type TracesOptions } from "./traces.ts";
