/** Files, for pages: what a person chose, or an address on the web, as pools. Exports only. */
export { openFile, openUrl, type FileOptions } from "./files/openFile.ts";
