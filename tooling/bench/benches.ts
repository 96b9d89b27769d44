/** The benchmarks that there are, by the name that `./dev bench` takes. */
import { memoryBench } from "./memory/bench.ts";
import { redisBench } from "./redis/bench.ts";
import type { Bench } from "./series.ts";

export const benches: Readonly<Record<string, Bench>> = { memory: memoryBench, redis: redisBench };
