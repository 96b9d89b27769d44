/** The benchmarks that there are, by the name that `./dev bench` takes. */
import { kafkaBench } from "./kafka/bench.ts";
import { memoryBench } from "./memory/bench.ts";
import { rabbitmqBench } from "./rabbitmq/bench.ts";
import { redisBench, redisSweep } from "./redis/bench.ts";
import type { Bench } from "./series.ts";
import { sqsBench } from "./sqs/bench.ts";

export const benches: Readonly<Record<string, Bench>> = {
  memory: memoryBench,
  rabbitmq: rabbitmqBench,
  redis: redisBench,
  "redis-sweep": redisSweep,
  sqs: sqsBench,
  kafka: kafkaBench,
};
