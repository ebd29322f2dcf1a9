/**
 * Compiles every program the engine can put together on Dawn's null backend: Tint's real messages with line and column,
 * and no driver needed. Nothing is computed; the tests do that.
 */
import { create, globals } from "webgpu";
import { readdirSync } from "node:fs";
import {
  clusterPrograms,
  distanceProgram,
  sweepProgram,
  expandProgram,
  headPrograms,
  productProgram,
  scoreProgram,
  type Tally,
  selectPrograms,
  trainedProductProgram,
  trainPrograms,
  type Frame,
  type Input,
  type ProductRead,
  type ProductWrite,
  type Slice,
  type Tile,
} from "../src/backends/webgpu/program.ts";
import { pointStorages } from "../src/vectors.ts";

Object.assign(globalThis, globals);
const gpu = create(["backend=null"]);
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error("Dawn's null backend gave no adapter");
const device = await adapter.requestDevice();

const strategies = readdirSync(new URL("../shaders/scores", import.meta.url)).map((file) =>
  file.replace(/\.wgsl$/, ""),
);
const sets = [...strategies.map((name) => [name]), strategies];

const tallies = ["none", "marks", "histogram"] satisfies Tally[];

const programs = new Map<string, { code: string; entryPoint: string; constants?: Record<string, number>[] }>();
const frames: Frame[] = ["thread", "team", "sweep", "committee"];
for (const frame of frames)
  for (const input of ["predictions", "head", "gradients"] satisfies Input[])
    for (const slice of [4, 8, 16] satisfies Slice[])
      for (const tally of tallies)
        for (const set of sets) {
          // Gradients belong to the one pass without dropout.
          if (frame === "committee" && input === "gradients") continue;
          const code = scoreProgram({ frame, input, slice, tally, strategies: set });
          programs.set(`${frame} ${input} ${slice} ${tally} ${set.join("+")}`, {
            code,
            entryPoint: "score_rows",
          });
        }
for (const tally of tallies) {
  const code = scoreProgram({ frame: "given", input: "predictions", slice: 4, tally, strategies: [] });
  programs.set(`given ${tally}`, { code, entryPoint: "score_rows" });
}
for (const type of ["float16", "int8"] as const)
  programs.set(`expand ${type}`, { code: expandProgram(type), entryPoint: "expand_values" });
for (const [entryPoint, program] of Object.entries({
  ...selectPrograms,
  ...headPrograms,
  ...trainPrograms,
  ...clusterPrograms,
}))
  programs.set(entryPoint, { code: program(), entryPoint });
for (const storage of pointStorages)
  programs.set(`lower ${storage}`, { code: sweepProgram(storage), entryPoint: "lower_tiles" });
for (const tile of [4, 8, 12] satisfies Tile[]) {
  programs.set(`distance ${tile}`, { code: distanceProgram(tile), entryPoint: "add_distances" });
  for (const write of ["hidden", "deltas"] as const) {
    const code = trainedProductProgram(write, tile);
    programs.set(`trained product ${write} ${tile}`, { code, entryPoint: "multiply" });
  }
  for (const read of ["plain", "first", "again"] satisfies ProductRead[])
    for (const write of ["values", "slopes", "pulled"] satisfies ProductWrite[]) {
      const code = productProgram(read, write, tile);
      programs.set(`product ${read} ${write} ${tile}`, { code, entryPoint: "multiply" });
    }
}

let faults = 0;
for (const [name, { code, entryPoint }] of programs) {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ label: name, code });
  const { messages } = await module.getCompilationInfo();
  for (const { type, lineNum, linePos, message } of messages) {
    console.error(`${name}:${lineNum}:${linePos}: ${type}: ${message}\n    ${code.split("\n")[lineNum - 1]}`);
  }
  if (!messages.some((m) => m.type === "error")) {
    await device
      .createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint } })
      .catch((error: Error) => {
        console.error(`${name}: ${error.message}`);
        faults++;
      });
  }
  await device.popErrorScope();
  faults += messages.length;
}
device.destroy();
console.log(`${programs.size} programs compiled, ${faults} faults`);
process.exit(faults > 0 ? 1 : 0);
