/** Files, for Node: heads saved and loaded, and arrays on disk as pools. Exports only. */
export { readHead } from "./files/head.ts";
export { writeSafetensors as writeHead } from "./files/safetensors.ts";
export type { NpyFile } from "./files/npy.ts";
export { openNpy } from "./files/npyFiles.ts";
export { openRows } from "./files/openRows.ts";
export { keepRows } from "./files/spool.ts";
export type { Chunks, KeepOptions } from "./files/chunks.ts";
export { openLog as openJournal, type Log } from "./files/log.ts";
