// For tests only: what kafkajs reads is what the broker reads.
declare module "kafkajs/src/protocol/decoder.js" {
  export default class Decoder {
    constructor(bytes: Buffer);
  }
}

declare module "kafkajs/src/protocol/recordBatch/v0/decoder.js" {
  interface Read {
    readonly records: readonly {
      readonly offset: string;
      readonly timestamp: string;
      readonly key: Buffer | null;
      readonly value: Buffer;
    }[];
  }
  export default function decodeBatch(decoder: unknown): Promise<Read>;
}
