/** Files, for pages: what a person chose, or an address on the web, as pools. Exports only. */
export { openFile, openUrl, type FileOptions } from "./files/openFile.ts";
export { keepRows } from "./files/blobSpool.ts";
export type { Chunks, KeepOptions } from "./files/chunks.ts";
