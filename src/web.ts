/** Files, for pages: what a person chose, or an address on the web, as pools, and picks to be saved. Exports only. */
export { openFile, openUrl, type FileOptions } from "./files/openFile.ts";
export { keepRows } from "./files/blobSpool.ts";
export type { Chunks, KeepOptions } from "./files/chunks.ts";
export { picksBlob } from "./files/picksBlob.ts";
export type { PickFormat, PickRecord, PicksRecord } from "./files/picks.ts";
