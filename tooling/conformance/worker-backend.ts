/** What a worker in a process of its own makes its backend by: adapter and options stand in the address of this module. */
import type { Backend } from "../../packages/core/dist/contract.js";
import type { Adapter } from "./factories.ts";

const { searchParams } = new URL(import.meta.url);
const { fromOptions }: Adapter = await import(searchParams.get("entry") ?? "");
const options = JSON.parse(searchParams.get("options") ?? "{}") as Readonly<Record<string, unknown>>;

export default (namespace: string): Backend => fromOptions({ ...options, namespace });
