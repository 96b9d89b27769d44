/** The process of one measurement: `node --expose-gc measure.ts MEASUREMENT MODULE TASKS` prints what it measured as one JSON object. */
import { measurements } from "./measurements.ts";
import { brokerMeasurements } from "./redis/measurements.ts";
import type { BrokerSubject } from "./redis/subject.ts";
import { sqsMeasurements } from "./sqs/measurements.ts";
import type { OpenSystem } from "./sqs/system.ts";
import type { MakeSubject } from "./subject.ts";

const [name = "", module = "", tasks = ""] = process.argv.slice(2);
const { subject } = (await import(module)) as { readonly subject: MakeSubject & BrokerSubject & OpenSystem };
const measure = measurements[name] ?? brokerMeasurements[name] ?? sqsMeasurements[name];
if (measure === undefined) throw new RangeError(`there is no measurement called ${name}`);
console.log(JSON.stringify(await measure(subject, Number(tasks))));
