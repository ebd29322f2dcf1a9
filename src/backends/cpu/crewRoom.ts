/** Room in the memory of a crew that keeps what it holds as it grows. */
import type { Crew } from "./crew.ts";

export class CrewRoom {
  /** Where it begins; another place once it has grown. */
  at = 0;
  private readonly crew: Crew;
  private bytes = 0;

  constructor(crew: Crew) {
    this.crew = crew;
  }

  /** Has room for so many bytes from now on. */
  reserve(bytes: number): void {
    if (bytes <= this.bytes) return;
    const { crew } = this;
    const roomy = Math.max(bytes, 2 * this.bytes);
    const to = crew.allocate(roomy);
    new Uint8Array(crew.memory.buffer).copyWithin(to, this.at, this.at + this.bytes);
    this.close();
    this.at = to;
    this.bytes = roomy;
  }

  close(): void {
    if (this.bytes > 0) this.crew.free(this.at, this.bytes);
    this.bytes = 0;
  }
}
