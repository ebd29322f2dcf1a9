/**
 * Three million flights, two thousand of them labelled: which twenty should we ask about next?
 *
 *     npm start -- [--backend auto|cpu|webgpu] [-k 20] [--out picks.csv]
 */
import { parseArgs } from "node:util";
import { checkOutput, writeFileWhole } from "../src/files/index.ts";
import {
  type Engine,
  type EngineOptions,
  type Features,
  InputError,
  openEngine,
  type RowSource,
} from "../src/index.ts";
import { fitLogistic, type LogisticModel, predictLogistic } from "../src/models/logistic.ts";
import { type Flights, readFlights } from "./flights/data.ts";
import { flightFeatures, gather } from "./flights/features.ts";
import { csv, stage, table } from "./flights/report.ts";
import { areaUnderCurve, draw } from "./flights/sample.ts";

const labels = 2000;
const heldOut = 100_000;
const seed = 1;

try {
  await main(options());
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  if (!(error instanceof InputError) && !code?.startsWith("ERR_PARSE_ARGS")) throw error;
  console.error(`flights: ${message}`);
  process.exitCode = 2;
}

function options() {
  const { values } = parseArgs({
    options: {
      backend: { type: "string", default: "auto" },
      k: { type: "string", short: "k", default: "20" },
      out: { type: "string", default: "picks.csv" },
    },
  });
  return { backend: values.backend as EngineOptions["backend"], k: Number(values.k), out: values.out };
}

async function main({ backend, k, out }: ReturnType<typeof options>): Promise<void> {
  await checkOutput(out, [".csv"]);
  await using engine = await openEngine({ backend });
  const flights = await read();
  const features = flightFeatures(flights);
  const labelled = draw(labels, flights.rows, seed);
  const model = await fit(flights, features, labelled);
  await judge(flights, features, labelled, model);
  const picks = await ask(engine, features, model, labelled, k);

  const rows = picks.map(({ row }) => row);
  const probabilities = lateProbabilities(model, gather(features, rows));
  const asked = picks.map(({ row, score }, i) => ({ row, score, probability: probabilities[i] }));
  console.log(`\n${table(flights, asked)}\n`);
  await writeFileWhole(out, (write) => write(csv(flights, asked)));
  const late = asked.filter(({ row }) => flights.late[row]).length;
  const share = (100 * flights.late.reduce((sum, one) => sum + one, 0)) / flights.rows;
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(`${late} of these ${asked.length} were late; of all flights it is ${share.toFixed(0)} %.`);
  console.log(`Picked on ${engine.backend} (${engine.adapter}): ${engine.reason}.`);
  console.log(`At most ${peak.toFixed(0)} MB of memory. ${out} has the picks.`);
}

function read(): Promise<Flights> {
  return stage("read", async (progress) => {
    const flights = await readFlights(progress);
    const [first, last] = [flights.minute[0], flights.minute[flights.rows - 1]].map((minute) =>
      new Date(minute * 60_000).toISOString().slice(0, 10),
    );
    return { rows: flights.rows, result: flights, note: `${flights.airports.length} airports, ${first} to ${last}` };
  });
}

/** Learns "more than 15 minutes late" from the labelled flights. */
function fit(flights: Flights, features: RowSource, labelled: Uint32Array): Promise<LogisticModel> {
  return stage("fit", async () => {
    const late = labelled.map((row) => flights.late[row]);
    const model = fitLogistic({ features: gather(features, labelled), labels: late, classes: 2 });
    const share = (100 * late.reduce((sum, one) => sum + one, 0)) / late.length;
    const note = model.warning ?? `${model.iterations} iterations; ${share.toFixed(1)} % of them were late`;
    return { rows: labelled.length, result: model, note };
  });
}

/** What the model is worth on flights it has not seen. */
function judge(flights: Flights, features: RowSource, labelled: Uint32Array, model: LogisticModel): Promise<void> {
  return stage("judge", async () => {
    const rows = draw(heldOut, flights.rows, seed + 1, new Set(labelled));
    const late = Uint8Array.from(rows, (row) => flights.late[row]);
    const area = areaUnderCurve(lateProbabilities(model, gather(features, rows)), late);
    return { rows: heldOut, result: undefined, note: `area under the ROC curve ${area.toFixed(3)} on unseen flights` };
  });
}

/** Scores every flight and picks those of which the model knows least. */
function ask(engine: Engine, features: RowSource, model: LogisticModel, labelled: Uint32Array, k: number) {
  return stage("select", async (progress) => {
    const pool = await engine.load({ features, head: model.head });
    const { picks, refereed } = await pool.select("top-k", {
      k,
      strategy: "entropy",
      labelled,
      seed,
      onProgress: ({ rows, of }) => progress(rows, of),
    });
    return { rows: pool.rows, result: picks, note: `${refereed} rows refereed in float64` };
  });
}

/** What the model gives "late", the second of its two classes, for each row. */
function lateProbabilities(model: LogisticModel, features: Features): Float32Array {
  return predictLogistic(model, features).data.filter((_, i) => i % 2 === 1);
}
