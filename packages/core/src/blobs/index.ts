export type { FileBlobOptions } from "./file-blobs.ts";
export { fileBlobs } from "./file-blobs.ts";
export type { MemoryBlobOptions } from "./memory-blobs.ts";
export { memoryBlobs } from "./memory-blobs.ts";
