/**
 * Tables of flatbuffers, read where they lie.
 *
 * What points outside of the bytes throws a RangeError, and no vector is longer than what is there, so that damaged bytes
 * cost no more than whole ones.
 */

/** What numbers are called by DataView. A bool is an Int8. */
type Kind = "Int8" | "Int16" | "Int32" | "BigInt64";

export class FlatTable {
  private readonly view: DataView;
  private readonly at: number;

  constructor(view: DataView, at: number) {
    this.view = view;
    this.at = at;
  }

  /** What is left out is 0. */
  number(field: number, kind: Kind): number {
    const place = this.placeOf(field);
    return place === undefined ? 0 : Number(this.view[`get${kind}`](place, true));
  }

  text(field: number): string {
    const { at, count } = this.vector(field, 1);
    return new TextDecoder().decode(new Uint8Array(this.view.buffer, this.view.byteOffset + at, count));
  }

  table(field: number): FlatTable | undefined {
    const place = this.placeOf(field);
    return place === undefined ? undefined : this.follow(place);
  }

  tables(field: number): FlatTable[] {
    const { at, count } = this.vector(field, 4);
    return Array.from({ length: count }, (_, i) => this.follow(at + 4 * i));
  }

  /** Structs of as many numbers of 64 bits, one behind the other. */
  longs(field: number, each: number): number[] {
    const { at, count } = this.vector(field, 8 * each);
    return Array.from({ length: count * each }, (_, i) => Number(this.view.getBigInt64(at + 8 * i, true)));
  }

  private placeOf(field: number): number | undefined {
    const slots = this.at - this.view.getInt32(this.at, true);
    const slot = 4 + 2 * field;
    const offset = slot < this.view.getUint16(slots, true) ? this.view.getUint16(slots + slot, true) : 0;
    return offset === 0 ? undefined : this.at + offset;
  }

  private follow(place: number): FlatTable {
    return new FlatTable(this.view, place + this.view.getUint32(place, true));
  }

  private vector(field: number, size: number): { at: number; count: number } {
    const place = this.placeOf(field);
    if (place === undefined) return { at: 0, count: 0 };
    const at = place + this.view.getUint32(place, true) + 4;
    const count = this.view.getUint32(at - 4, true);
    if (at + count * size > this.view.byteLength) throw new RangeError(`a vector of ${count} where there is no room`);
    return { at, count };
  }
}

export function rootTable({ buffer, byteOffset, length }: Uint8Array): FlatTable {
  const view = new DataView(buffer, byteOffset, length);
  return new FlatTable(view, view.getUint32(0, true));
}
