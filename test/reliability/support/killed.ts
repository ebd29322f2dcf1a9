/** A loop in a process of its own, for `kills.test.ts` to kill: node killed.ts JOURNAL ASKED. */
import { appendFileSync, writeSync } from "node:fs";
import { activeLearning, logisticModel, openEngine, stopWhen } from "../../../src/index.ts";
import { openJournal } from "../../../src/node.ts";
import { makeBlobs } from "../../support/blobs.ts";

const [, , path, askedPath] = process.argv;
const { features, labels } = makeBlobs(1, 400, 3, 4, 1);
const engine = await openEngine({ backend: "cpu" });
const pool = await engine.load({ features });
const journal = await openJournal(path);
writeSync(1, "ready\n");
const rounds = activeLearning({
  pool,
  model: logisticModel(),
  // Notes which rows it was asked for and has answered; what was not on disk by then may be asked for again.
  async *oracle({ rows }) {
    for (const row of rows) {
      appendFileSync(askedPath, `${row}\n`);
      await new Promise((resolve) => setTimeout(resolve, row % 3));
      yield { row, label: labels[row] };
      appendFileSync(askedPath, `${row} is written\n`);
    }
  },
  batch: "hybrid",
  strategy: "margin",
  epsilon: 0.1,
  k: 8,
  seed: 3,
  stop: stopWhen.budget(200),
  journal,
});
for await (const { stop } of rounds) if (stop !== undefined) writeSync(1, `${stop}\n`);
await journal.close();
await engine.close();
