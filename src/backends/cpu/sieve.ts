/** Which of many scores are worth a look, found by the vector units. */
import { roundedDown } from "../distances.ts";
import type { Crew } from "./crew.ts";

export class Sieve {
  private readonly crew: Crew;
  private readonly most: number;
  private readonly at: number;

  /** For so many scores at a time. Dispose of it when done. */
  constructor(crew: Crew, most: number) {
    this.crew = crew;
    this.most = most;
    this.at = crew.allocate(8 * most);
  }

  /** Places of scores that are not below a bar, or no finite numbers, in their order. Good until the next call. */
  sift(scores: Float32Array, bar: number): Uint32Array {
    const { crew, most, at } = this;
    const { memory, exports } = crew;
    const isThere = scores.buffer === memory.buffer;
    if (!isThere) new Float32Array(memory.buffer, at, scores.length).set(scores);
    const from = isThere ? scores.byteOffset : at;
    const into = at + 4 * most;
    const found = exports.sift(from, scores.length, roundedDown(bar), into);
    return new Uint32Array(memory.buffer, into, found);
  }

  [Symbol.dispose](): void {
    this.crew.free(this.at, 8 * this.most);
  }
}
