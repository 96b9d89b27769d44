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

declare module "kafkajs/src/protocol/requests/fetch/v11/request.js" {
  interface Asked {
    readonly replicaId: number;
    readonly maxWaitTime: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly isolationLevel: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly fetchOffset: string;
        readonly maxBytes: number;
      }[];
    }[];
  }
  export default function fetchRequest(asked: Asked): { encode(): Promise<{ readonly buffer: Buffer }> };
}

declare module "kafkajs/src/protocol/requests/fetch/v11/response.js" {
  interface Answer {
    readonly responses: readonly {
      readonly topicName: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly highWatermark: string;
        readonly messages: readonly {
          readonly offset: string;
          readonly key: Buffer | null;
          readonly value: Buffer | null;
          readonly isControlRecord: boolean;
        }[];
      }[];
    }[];
  }
  export default interface Response {}
  export function decode(bytes: Buffer): Promise<Answer>;
}

declare module "kafkajs/src/protocol/requests/offsetCommit/v5/request.js" {
  interface Committed {
    readonly groupId: string;
    readonly groupGenerationId: number;
    readonly memberId: string;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly offset: string;
        readonly metadata: string;
      }[];
    }[];
  }
  export default function commitRequest(committed: Committed): { encode(): Promise<{ readonly buffer: Buffer }> };
}
