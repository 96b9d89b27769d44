export { type AdapterModule, type AdapterOptions, findBackend } from "./backends.ts";
export { main } from "./main.ts";
export type { SignalSource, StopSignal, Surroundings } from "./surroundings.ts";
