/** What `simd/distances.ts` exports. Places are in bytes. */
export interface DistanceExports {
  readonly memory: WebAssembly.Memory;
  lower(
    rows: number,
    tiles: number,
    count: number,
    tileRows: number,
    width: number,
    centres: number,
    list: number,
    near: number,
    least: number,
    reach: number,
    enough: number,
    seen: number,
    met: number,
    depth: number,
    reached: number,
    wider: number,
  ): number;
  order(
    point: number,
    centres: number,
    from: number,
    end: number,
    width: number,
    wider: number,
    absolute: number,
    horizon: number,
    list: number,
    near: number,
    keys: number,
    bins: number,
  ): number;
  nearestTwo(
    rows: number,
    count: number,
    width: number,
    centres: number,
    centreCount: number,
    nearest: number,
    first: number,
    second: number,
  ): void;
  spread(point: number, others: number, count: number, width: number, into: number): void;
  spreadListed(point: number, others: number, list: number, count: number, width: number, into: number): void;
  closeness(rows: number, count: number, others: number, otherCount: number, width: number, into: number): void;
  descend(
    rows: number,
    count: number,
    width: number,
    anchors: number,
    nodes: number,
    rootPole: number,
    leaf: number,
    squaredReach: number,
  ): number;
  neighbours(
    rows: number,
    count: number,
    first: number,
    others: number,
    otherCount: number,
    firstOther: number,
    width: number,
    kept: number,
    best: number,
  ): void;
}
