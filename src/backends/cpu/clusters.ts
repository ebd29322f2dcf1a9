/** Clusters on this machine: distances from its vector units, sums in JavaScript, of rows that change sides alone. */
import type { Pace } from "../../pace.ts";
import { scaleOf, type PointData } from "../distances.ts";
import { roundedCentres, unitOf, type Centres, type ClusterKernel } from "../clusters.ts";
import type { Crew } from "./crew.ts";
import { nearestTwo, type NearestTwo } from "./comparisons.ts";
import { SimdDistances } from "./simdDistances.ts";

/** Rows compared with all centres at a time. */
const BATCH = 2 ** 14;

export class HostClusters implements ClusterKernel {
  readonly unit: number;
  readonly sums: Float64Array;
  readonly sizes: Float64Array;
  private readonly points: PointData;
  private readonly rows: Uint32Array;
  private readonly distances: SimdDistances;
  private readonly clusterOf: Uint32Array;
  /** Distance of each row to its own centre, at most, and to any other, at least (Hamerly 2010). */
  private readonly upper: Float64Array;
  private readonly lower: Float64Array;
  private readonly found: NearestTwo = {
    nearest: new Uint32Array(BATCH),
    first: new Float32Array(BATCH),
    second: new Float32Array(BATCH),
  };

  private constructor(points: PointData, rows: Uint32Array, k: number, distances: SimdDistances) {
    this.points = points;
    this.rows = rows;
    this.distances = distances;
    this.unit = unitOf(points, rows);
    this.sums = new Float64Array(k * points.dims);
    this.sizes = new Float64Array(k);
    this.clusterOf = new Uint32Array(rows.length).fill(k);
    this.upper = new Float64Array(rows.length);
    this.lower = new Float64Array(rows.length);
  }

  /** On the threads of a crew, or on this one. */
  static async open(points: PointData, rows: Uint32Array, k: number, crew?: Crew): Promise<HostClusters> {
    return new HostClusters(points, rows, k, await SimdDistances.open(points, crew));
  }

  async assign(centres: Centres, pace: Pace): Promise<number> {
    const { points, rows, distances, clusterOf, upper, lower } = this;
    const { k, moved, half } = centres;
    const { rounded, shift } = roundedCentres(centres, points.dims);
    distances.replaceCentres(rounded);
    const farthest = moved.reduce((a, b) => Math.max(a, b), 0);
    const places = new Uint32Array(BATCH);
    let changed = 0;
    let count = 0;
    for (let place = 0; place < rows.length; place++) {
      if (place % BATCH === 0 && place > 0) await pace.turn({ stage: "clustering", rows: place, of: rows.length });
      const own = clusterOf[place];
      if (own < k) {
        upper[place] += moved[own];
        lower[place] -= farthest;
        const near = Math.max(lower[place], half[own]);
        if (upper[place] < near) continue;
        upper[place] = centres.distance(rows[place], own);
        if (upper[place] < near) continue;
      }
      places[count++] = place;
      if (count < BATCH) continue;
      changed += await this.compare(places, centres, shift);
      count = 0;
    }
    changed += await this.compare(places.subarray(0, count), centres, shift);
    await pace.turn({ stage: "clustering", rows: rows.length, of: rows.length });
    return changed;
  }

  async own(): Promise<Uint32Array> {
    return this.clusterOf;
  }

  close(): void {
    this.distances.close();
  }

  /** Compares rows with all centres; what float32 leaves open is decided in float64. Gives how many changed sides. */
  private async compare(places: Uint32Array, centres: Centres, shift: number): Promise<number> {
    const { rows, distances, found, clusterOf, upper, lower } = this;
    const { relative, absolute } = distances.error;
    await nearestTwo(
      distances,
      places.map((place) => rows[place]),
      found,
    );
    let changed = 0;
    places.forEach((place, i) => {
      let nearest = found.nearest[i];
      upper[place] = Math.sqrt(found.first[i]) * (1 + relative) + absolute + shift;
      lower[place] = (Math.sqrt(found.second[i]) - absolute) * (1 - relative) - shift;
      if (upper[place] >= lower[place])
        ({ nearest, upper: upper[place], lower: lower[place] } = centres.nearest(rows[place]));
      if (nearest === clusterOf[place]) return;
      this.move(place, nearest);
      changed++;
    });
    return changed;
  }

  private move(place: number, to: number): void {
    const { points, rows, clusterOf, sums, sizes, unit } = this;
    const { data, dims } = points;
    const row = rows[place];
    const scale = scaleOf(points, row);
    const first = points.at(row);
    const from = clusterOf[place];
    const leaves = from < sizes.length;
    for (let d = 0; d < dims; d++) {
      const value = Math.trunc(Math.fround(data[first + d] * scale) * unit);
      sums[to * dims + d] += value;
      if (leaves) sums[from * dims + d] -= value;
    }
    sizes[to]++;
    if (leaves) sizes[from]--;
    clusterOf[place] = to;
  }
}
