export { headFormats, readHead } from "./head.ts";
export type { NpyFile } from "./npy.ts";
export { openNpy, readIntegers, writeNpy } from "./npyFiles.ts";
export { readNpz } from "./npz.ts";
export { openRows } from "./openRows.ts";
export { checkOutput, type Write, writeFileWhole } from "./output.ts";
export { readLabels, readRows, rowFormats } from "./rows.ts";
export { readSafetensors, writeSafetensors } from "./safetensors.ts";
export { shortest } from "./shortest.ts";
export {
  pickFormats,
  type PickRecord,
  type PicksRecord,
  scoreFormats,
  type TellScores,
  writePicks,
  writeScoreBlocks,
  writeScores,
} from "./tables.ts";
