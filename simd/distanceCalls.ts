/** What the kernels of distances.ts are told, and what they tell: one of these a call. TypeScript writes them as job.ts. */

/** Tiles of rows to be brought nearer to centres. Places are in bytes. */
@unmanaged
export class Lowering {
  /** [tiles, tileRows, width]. */
  rows: u32;
  /** [tiles, 3]: where the list of each begins and ends, and how many rows it has. */
  tiles: u32;
  count: u32;
  tileRows: u32;
  width: u32;
  centres: u32;
  /** Of all tiles, one after the other. */
  list: u32;
  near: u32;
  /** [tiles, tileRows], as all that follow. */
  least: u32;
  reach: u32;
  enough: u32;
  seen: u32;
  met: u32;
  depth: u32;
  reached: u32;
  /** 1 and more than what a root and a distance round off. */
  wider: f32;
  /** Becomes the distances taken. */
  taken: u32;
}

/** Centres to be brought into the order of their distance to each of some points. */
@unmanaged
export class Ordering {
  /** [count, width]. */
  points: u32;
  /** [count] of Asked. */
  asked: u32;
  count: u32;
  width: u32;
  centres: u32;
  /** Of centres. */
  end: u32;
  wider: f32;
  absolute: f32;
  /** Become, for each point, its list, [count, room]. */
  list: u32;
  near: u32;
  room: u32;
  /** Room for `room` and 2¹⁶ numbers. */
  keys: u32;
  bins: u32;
}

/** Which centres are asked for. */
@unmanaged
export class Asked {
  /** The first of them. */
  from: u32;
  horizon: f32;
  /** Becomes how many are listed. */
  listed: u32;
}

/** Rows, [count, width], beside `otherCount` others or centres, and what becomes of them. */
@unmanaged
export class Comparing {
  rows: u32;
  count: u32;
  width: u32;
  others: u32;
  otherCount: u32;
  /** Of nearestTwo, [count]: the nearest, and the squared distances of that and the next. */
  nearest: u32;
  first: u32;
  second: u32;
  /** Of closeness: float64, [count]. */
  sums: u32;
  /** Of neighbours, [count, kept]: the least squared distances, ascending, and the numbers of the first row and other. */
  best: u32;
  kept: u32;
  firstRow: u32;
  firstOther: u32;
}

/** Rows, [count, width], to be sent down a tree. */
@unmanaged
export class Descent {
  rows: u32;
  count: u32;
  width: u32;
  anchors: u32;
  /** [nodes, 3]. */
  nodes: u32;
  rootPole: u32;
  /** Become, [count]: the number of its leaf, and the squared distance to that's anchor. */
  leaf: u32;
  squaredReach: u32;
  /** Becomes the distances taken. */
  taken: u32;
}
