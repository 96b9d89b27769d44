import { KafkaBackend } from "./backend.ts";
import type { KafkaBackendOptions } from "./options.ts";

export { KafkaBackend } from "./backend.ts";
export { KafkaRefusal } from "./kafka-error.ts";
export type { Codec, Compression } from "./kafkajs/compression.ts";
export { type KafkaBackendOptions, kafkaDefaults } from "./options.ts";
export type * from "./port.ts";

/** A backend on Apache Kafka. Connects at the first `open`. Throws `CONFIG_INVALID` for wrong options. */
export function kafka(options: KafkaBackendOptions = {}): KafkaBackend {
  return new KafkaBackend(options);
}

/** What the `dispatch` command and configuration files give: no clients. */
export type CommandOptions = Omit<KafkaBackendOptions, "client" | "port" | "connection" | "ssl" | "sasl" | "codecs">;

/** For the `dispatch` command. Throws `CONFIG_INVALID`. */
export function fromOptions(options: CommandOptions): KafkaBackend {
  return kafka(options);
}
