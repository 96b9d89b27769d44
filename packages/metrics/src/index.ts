export { type DescribedMetric, describeMetrics } from "./described.ts";
export type { HealthOptions, Readiness } from "./health.ts";
export { type MetricsServer, type ServeOptions, serveMetrics } from "./http-server.ts";
export { Metrics } from "./metrics.ts";
export { type MetricsOptions, metricsDefaults } from "./options.ts";
export type { Scale, ScaleOptions } from "./scale.ts";
