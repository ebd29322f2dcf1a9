/** `poolwise info`: which backend runs here, and why. */
import { Command } from "commander";
import pc from "picocolors";
import { batches, batchNames } from "../batches/index.ts";
import { openEngine } from "../engine.ts";
import { strategies } from "../scores/index.ts";
import { type CommonOptions, version, withCommonOptions } from "./options.ts";

export function infoCommand(): Command {
  const command = new Command("info").description(
    "Say which backend runs here and why, and which strategies and batches there are.",
  );
  return withCommonOptions(command).action(async ({ backend, threads, json }: CommonOptions) => {
    await using engine = await openEngine({ backend, threads });
    const info = {
      version,
      node: process.versions.node,
      backend: engine.backend,
      adapter: engine.adapter,
      threads: engine.threads,
      reason: engine.reason,
      strategies: strategies.map(({ name }) => name),
      batches: batchNames,
    };
    if (json) {
      console.log(JSON.stringify(info));
      return;
    }
    const width = Math.max(...info.strategies.map((name) => name.length));
    const lines = [
      [`poolwise ${version}`, `Node ${info.node}`],
      ["backend", `${info.backend}: ${info.adapter}`],
      ["chosen", info.reason],
      ...strategies.map(({ name, formula, about }, i) => [
        i === 0 ? "strategies" : "",
        `${name.padEnd(width)}  ${formula}: ${about}`,
      ]),
      ...batches.map(({ name, formula, about }, i) => [
        i === 0 ? "batches" : "",
        `${name.padEnd(width)}  ${formula}: ${about}`,
      ]),
    ];
    for (const [name, value] of lines) console.log(`${pc.bold(name.padEnd(16))}${value}`);
  });
}
