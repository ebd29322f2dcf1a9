/** A call under way, and the block of memory that it works in. */
import type { Crew } from "./crew.ts";
import { wordsOf, type Values } from "./structs.ts";
import type { KernelName } from "./worker.ts";

export class CrewCall {
  /** Where the block is. */
  readonly at: number;
  private readonly crew: Crew;
  private readonly bytes: number;
  private call: number | undefined;

  /** Not yet under way. */
  constructor(crew: Crew, bytes: number) {
    this.crew = crew;
    this.bytes = bytes;
    this.at = crew.allocate(bytes);
  }

  /** Has a kernel be called by whoever is free, with this struct, which its block begins with. */
  post<Fields extends Record<string, "u32" | "f32">>(kernel: KernelName, fields: Fields, values: Values<Fields>): void {
    this.crew.write(wordsOf(fields, values), this.at);
    this.call = this.crew.post(kernel, this.at);
  }

  async finished(): Promise<void> {
    const { call } = this;
    this.call = undefined;
    if (call !== undefined) await this.crew.finished(call);
  }

  /** Gives the block back once nobody works in it. */
  async close(): Promise<void> {
    await this.finished().catch(() => {});
    this.crew.free(this.at, this.bytes);
  }
}
