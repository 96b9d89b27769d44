/**
 * The process of one measurement: `node --expose-gc measure.ts MEASUREMENT MODULE TASKS` prints what it measured as one JSON object; with
 * `load` it only loads what any measurement needs.
 */
import type { OpenSystem as OpenRabbit } from "./rabbitmq/system.ts";
import type { BrokerSubject } from "./redis/subject.ts";
import type { Measured } from "./series.ts";
import type { OpenSystem } from "./sqs/system.ts";
import type { MakeSubject } from "./subject.ts";

type AnySubject = MakeSubject & BrokerSubject & OpenSystem & OpenRabbit;
type Measurements = Readonly<Record<string, (subject: AnySubject, tasks: number) => Promise<Measured>>>;

/** Loaded one by one until it is found: the memory that is measured must not be that of clients of other brokers. */
const sources: readonly (() => Promise<Measurements>)[] = [
  async () => (await import("./measurements.ts")).measurements,
  async () => (await import("./redis/measurements.ts")).brokerMeasurements,
  async () => (await import("./sqs/measurements.ts")).sqsMeasurements,
  async () => (await import("./kafka/measurements.ts")).kafkaMeasurements,
  async () => (await import("./rabbitmq/measurements.ts")).rabbitmqMeasurements,
];

const [name = "", module = "", tasks = ""] = process.argv.slice(2);
const { subject } = (await import(module)) as { readonly subject: AnySubject };
let measure: Measurements[string] | undefined;
for (const load of sources) measure ??= (await load())[name];
if (name === "load") process.exit();
if (measure === undefined) throw new RangeError(`there is no measurement called ${name}`);
console.log(JSON.stringify(await measure(subject, Number(tasks))));
