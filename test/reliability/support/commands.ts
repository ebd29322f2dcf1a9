/** Command lines that nobody meant: known and unknown options, with values at the edges, in any order. */
import type { Draws } from "./draws.ts";
import { texts } from "./hostile.ts";

/** Files that are there, some of them sound. */
export const files = ["pool.npy", "passes.npy", "embeddings.npy", "scores.npy", "labels.npy", "head.safetensors", "picks.json", "pool.csv", "broken.npy", "empty.csv"]; // prettier-ignore

const commands = [
  "info",
  "score",
  "score",
  "select",
  "select",
  "calibrate",
  "coldstart",
  "simulate",
  "bench",
  "help",
  "",
  "--help",
  "--version",
];
const numbers = ["0", "1", "2", "3", "-1", "0.5", "1.5", "1e3", "1e400", "-0", "NaN", "Infinity", "0x10", "9007199254740993", "4294967296", "", " ", "ten"]; // prettier-ignore
const words = texts.filter((text) => !text.includes("\0") && text.length < 5000);
const names = [...files, "missing.npy", ".", "/", "pool.npy:a", "pool.csv:a", "pool.csv:b,b", "part-*.npy", "[", "http://127.0.0.1:1/a.npy", "http://[", "https://%/a.npy"]; // prettier-ignore
const outs = ["out/a.npy", "out/a.csv", "out/a.jsonl", "out/a.json", "-", "", "out", "out/", "out/a", "missing/a.json", "pool.npy", "out/ä 💥.json"]; // prettier-ignore

/** What each option is given, where it is not given anything. Work that is asked for stays small. */
const values: Readonly<Record<string, readonly string[]>> = {
  "--strategy": ["entropy", "bald", "egl", "margin,entropy", "margin,margin", "", "__proto__", "constructor"],
  "--strategies": ["entropy", "random,margin", "", "eer"],
  "--batch": ["top-k", "k-center", "hybrid", "badge", "batchbald", "power", "kmeans", "typiclust", "__proto__"],
  "--kind": ["logits", "probabilities", "odds"],
  "--features": names,
  "--model": names,
  "--embeddings": names,
  "--scores": names,
  "--labelled": names,
  "--labels": names,
  "--columns": ["a", "a,b", "", ",", "__proto__"],
  "--invalid": ["error", "skip", "both"],
  "--temperature": numbers,
  "--passes": ["0", "1", "2", "5", "-1", "x", "1048577"],
  "--dropout": numbers,
  "--egl-layers": ["all", "last", "first"],
  "--seed": numbers,
  "--alpha": numbers,
  "--metric": ["euclidean", "cosine", "none"],
  "--power-temperature": numbers,
  "--density": numbers,
  "--epsilon": numbers,
  "--storage": ["float16", "int8", "int4"],
  "--memory": ["400M", "1", "2G,8G", ",", "1e9", "1000T", "-1"],
  "--threads": ["1", "1", "1", "0", "x", "1e9", "-1"],
  "--backend": ["cpu", "cpu", "cpu", "cuda"],
  "--method": ["kmeans", "typiclust", "none"],
  "--dataset": ["iris", "none", "__proto__"],
  "--hidden": ["4", "", "0", "x", "4,4"],
  "--rounds": ["1", "2", "0", "x"],
  "--seeds": ["1", "0", "x"],
  "--epochs": ["1", "0", "x"],
  "--test-share": numbers,
  "--calibrate": numbers,
  "-k": [...numbers, "1", "2"],
};
const flags = ["--json", "--quiet", "--help", "--", "-", "-x", "--unknown", "--k", "-kk", "-k=1", "--strategy=entropy", "-h"]; // prettier-ignore

export function argumentsOf(draws: Draws): string[] {
  const command = draws.pick(commands);
  const options = Object.keys(values);
  const usual: Readonly<Record<string, readonly string[]>> = {
    score: [draws.pick(files), "--strategy", "entropy", "--out", draws.pick(outs), "--backend", "cpu"],
    select: [draws.pick(files), "-k", "1", "--out", draws.pick(outs), "--backend", "cpu"],
    coldstart: ["--embeddings", draws.pick(files), "-k", "2", "--out", draws.pick(outs), "--backend", "cpu"],
    calibrate: [draws.pick(files), "--labels", draws.pick(files)],
    simulate: ["--features", "embeddings.npy", "--labels", draws.pick(files), "--strategies", "margin", "-k", "1", "--rounds", "1", "--seeds", "1", "--out", "out/runs", "--threads", "1", "--backend", "cpu"], // prettier-ignore
  };
  const given = [command, ...(draws.chance(0.7) && Object.hasOwn(usual, command) ? usual[command] : [])];
  for (let left = draws.pick([0, 1, 1, 2, 3, 6]); left > 0; left--) {
    const option = draws.pick(options);
    const value = draws.chance(0.1) ? draws.pick(words) : draws.pick(values[option]);
    if (draws.chance(0.75)) given.push(option, value);
    else given.push(draws.chance(0.3) ? option : draws.pick([...flags, ...words, draws.pick(names)]));
  }
  if (draws.chance(0.1)) given.splice(draws.below(given.length + 1), 1);
  if (draws.chance(0.02)) given.push("x".repeat(100_000));
  // It would take minutes.
  if (command === "bench") given.push("--list");
  return given;
}
