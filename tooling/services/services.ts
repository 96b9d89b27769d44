/** The services that there are. */
import { kafka } from "./kafka/kafka.ts";
import { prometheus } from "./prometheus/prometheus.ts";
import { rabbitmq } from "./rabbitmq/rabbitmq.ts";
import { redis, valkey } from "./redis/redis.ts";
import type { Service } from "./service.ts";
import { sqs } from "./sqs/elasticmq.ts";
import { moto } from "./sqs/moto.ts";

export const services: readonly Service[] = [redis, valkey, sqs, moto, rabbitmq, kafka, prometheus];

/** Throws for a name that there is not: a defect, or a record of another version of this tree. */
export function serviceOf(name: string): Service {
  const found = services.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no service called ${name}`);
  return found;
}
