import { adapterNameOf } from "../backends.ts";
import { isolationFault } from "../options.ts";
import type { Value } from "./kinds.ts";
import type { Problem } from "./problem.ts";
import type { Setting } from "./setting.ts";

/** What is found while the options are held against each other. */
export interface Findings {
  readonly problems: Problem[];
  readonly warnings: Problem[];
}

type Settings = Map<string, Setting>;
type Rule = (settings: Settings, found: Findings) => void;

/** What the options of a configuration must be to each other. What core and the adapters check of their own options is not here. */
export const rules: readonly Rule[] = [
  isolationIsThere,
  commitIsOurs,
  lossIsMeant,
  addressIsOne,
  silenceFits,
  packsFit,
  packsStayWhole,
];

function isolationIsThere(settings: Settings, { problems }: Findings): void {
  const fault = isolationFault(String(held(settings, "isolation")));
  if (fault !== undefined) problems.push(at(settings, "isolation", fault));
}

function commitIsOurs(settings: Settings, { problems }: Findings): void {
  const why = "can only be false: offsets that commit themselves lose the tasks of a worker that crashes";
  if (held(settings, "enableAutoCommit") === true) problems.push(at(settings, "enableAutoCommit", why));
}

function lossIsMeant(settings: Settings, { problems }: Findings): void {
  if (held(settings, "durable") !== false || held(settings, "allowTransient") === true) return;
  const why =
    "false loses every task when the broker restarts; where that is meant, set allow_transient to true beside it";
  problems.push(at(settings, "durable", why));
}

/** A URL names one backend, and says host and port by itself. */
function addressIsOne(settings: Settings, { problems }: Findings): void {
  const backend = String(held(settings, "backend"));
  const url = fromFile(settings, "url");
  if (url && !isUrlOf(backend, String(held(settings, "url"))))
    problems.push(at(settings, "url", `is no URL of ${backend.split(":")[0]}`));
  const whole = fromFile(settings, "backend") && /^[^:]+:./.test(backend) ? "backend" : url ? "url" : undefined;
  if (whole === undefined) return;
  const why = `${at(settings, whole, "").path} is a URL, which says this already; keep one of the two`;
  for (const key of ["url", "host", "port"])
    if (key !== whole && fromFile(settings, key)) problems.push(at(settings, key, why));
}

function silenceFits(settings: Settings, { warnings }: Findings): void {
  const [leaseMs, silentMs] = [held(settings, "leaseMs"), held(settings, "heartbeatTimeoutMs")];
  if (typeof leaseMs !== "number" || typeof silentMs !== "number" || silentMs <= leaseMs) return;
  const what = "the tasks of a silent worker are given to others before it counts as gone";
  warnings.push(at(settings, "heartbeatTimeoutMs", `${silentMs} ms is above the lease of ${leaseMs} ms: ${what}`));
}

function packsFit(settings: Settings, { warnings }: Findings): void {
  const initial = settings.get("initialBatchSize");
  const most = held(settings, "maxBatchSize");
  if (typeof initial?.value !== "number" || typeof most !== "number" || initial.value <= most) return;
  settings.set("initialBatchSize", { ...initial, value: most });
  const what = `${initial.value} is above the most tasks in a pack, which is ${most}: packs begin with ${most}`;
  if (initial.origin.from !== "default") warnings.push(at(settings, "initialBatchSize", what));
}

/** Where no loss is forgiven, a worker may not let a pack run whole: it would be sent only to be taken apart. */
function packsStayWhole(settings: Settings, { warnings }: Findings): void {
  const packs = settings.get("packs");
  if (packs?.value !== true || held(settings, "maxLost") !== 0) return;
  settings.set("packs", { ...packs, value: false, origin: { from: "option", key: "maxLost" } });
  const why = "packs are off, since with maxLost 0 a worker takes each apart before anything of it runs";
  if (packs.origin.from === "file") warnings.push(at(new Map([["packs", packs]]), "packs", why));
  else if (packs.origin.from === "command line") warnings.push(at(settings, "maxLost", why));
}

function at(settings: Settings, key: string, message: string): Problem {
  const origin = settings.get(key)?.origin;
  return origin?.from === "file" ? { path: origin.path, line: origin.line, message } : { path: key, message };
}

function held(settings: Settings, key: string): Value | undefined {
  return settings.get(key)?.value;
}

function fromFile(settings: Settings, key: string): boolean {
  return settings.get(key)?.origin.from === "file";
}

function isUrlOf(backend: string, url: string): boolean {
  try {
    return url.includes(":") && adapterNameOf(url) === adapterNameOf(backend);
  } catch {
    return false;
  }
}
