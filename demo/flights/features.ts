/** Flights as numbers a linear model can use: 48 columns, worked out when they are read and kept nowhere. */
import type { RowSource } from "../../src/matrix.ts";
import type { Flights } from "./data.ts";

const minutesInDay = 1440;
const daysInYear = 365.2425;
/** Waves of the day: sines and cosines of one, two and three turns in 24 hours. */
const turns = 3;
const buckets = 16;

/** Where each group of columns begins. */
const time = 0;
const season = time + 2 * turns;
const length = season + 2;
const weekday = length + 1;
const from = weekday + 7;
const to = from + buckets;
const cols = to + buckets;

/**
 * The columns of a flight: the hour as waves of the day (6), the date as a wave of the year (2), the logarithm of the
 * distance, standardised (1), the day of the week (7), and both airports, each hashed into one of 16 columns. All of
 * them together as one float32 matrix would take 576 MB.
 */
export function flightFeatures(flights: Flights): RowSource {
  const firstDay = Math.floor(flights.minute[0] / minutesInDay);
  const days = Math.floor(flights.minute[flights.rows - 1] / minutesInDay) - firstDay + 1;
  const times = waves(minutesInDay, turns, (minute) => minute / minutesInDay);
  const seasons = waves(days, 1, (day) => (firstDay + day) / daysInYear);
  const lengths = standardisedLogs(flights.distance);
  const bucketOf = Uint8Array.from(flights.airports, bucket);

  return {
    name: "flights",
    rows: flights.rows,
    cols,
    read(start, count, into) {
      into.fill(0);
      for (let row = start, at = 0; row < start + count; row++, at += cols) {
        const minute = flights.minute[row];
        const day = Math.floor(minute / minutesInDay);
        const clock = (minute - day * minutesInDay) * 2 * turns;
        for (let i = 0; i < 2 * turns; i++) into[at + time + i] = times[clock + i];
        into[at + season] = seasons[2 * (day - firstDay)];
        into[at + season + 1] = seasons[2 * (day - firstDay) + 1];
        into[at + length] = lengths[flights.distance[row]];
        into[at + weekday + (day % 7)] = 1;
        into[at + from + bucketOf[flights.origin[row]]] = 1;
        into[at + to + bucketOf[flights.destination[row]]] = 1;
      }
    },
  };
}

/** The features of some rows, [rows, dims]. */
export function gather(source: RowSource, rows: ArrayLike<number>) {
  const data = new Float32Array(rows.length * source.cols);
  for (let i = 0; i < rows.length; i++) source.read(rows[i], 1, data.subarray(i * source.cols, (i + 1) * source.cols));
  return { data, rows: rows.length, dims: source.cols };
}

/** [count, 2 · harmonics]: sine and cosine of 1, 2, … times the angle, a whole turn being 1. */
function waves(count: number, harmonics: number, angle: (i: number) => number): Float32Array {
  const table = new Float32Array(count * 2 * harmonics);
  for (let i = 0, at = 0; i < count; i++) {
    for (let n = 1; n <= harmonics; n++) {
      table[at++] = Math.sin(2 * Math.PI * n * angle(i));
      table[at++] = Math.cos(2 * Math.PI * n * angle(i));
    }
  }
  return table;
}

/** ln(1 + miles) of each number of miles, less its mean over all flights and divided by its standard deviation. */
function standardisedLogs(distances: Uint16Array): Float32Array {
  const logs = Float64Array.from({ length: 2 ** 16 }, (_, miles) => Math.log1p(miles));
  let sum = 0;
  let squares = 0;
  for (const miles of distances) {
    sum += logs[miles];
    squares += logs[miles] ** 2;
  }
  const mean = sum / distances.length;
  const deviation = Math.sqrt(squares / distances.length - mean ** 2);
  return Float32Array.from(logs, (log) => (log - mean) / deviation);
}

/** FNV-1a (Fowler, Noll & Vo): the same column for an airport whatever else is in the data. */
function bucket(airport: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < airport.length; i++) hash = Math.imul(hash ^ airport.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % buckets;
}
