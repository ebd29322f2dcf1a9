/**
 * Squared distances on the CPU: float32, four lanes at a time. AssemblyScript, compiled by `npm run simd`.
 *
 * Points are `width` values one after the other, width a multiple of 4 and what is past their dims 0. All arguments that
 * are places in memory are bytes; the caller lays the memory out. A sum has sixteen chains of additions, or four for
 * up to 128 values: what that makes of its error is said in `src/backends/cpu/simdDistances.ts`.
 */
import { Asked, Comparing, Descent, Lowering, Ordering } from "./distanceCalls";
import { madd } from "./lanes";

/** Values summed up before it is asked whether they are enough already. */
const STRETCH: u32 = 128 * 4;
/** The same for four sums at a time. */
const FOUR_STRETCH: u32 = 32 * 4;

/** Adds (x − y)². */
@inline
function addSquare(sum: v128, x: v128, y: v128): v128 {
  const apart = f32x4.sub(x, y);
  return madd(apart, apart, sum);
}

@inline
function squares(p: usize, q: usize, sum: v128): v128 {
  return addSquare(sum, v128.load(p), v128.load(q));
}

@inline
function total(a: v128, b: v128, c: v128, d: v128): f32 {
  const pairs = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  const halves = f32x4.add(pairs, v128.shuffle<f32>(pairs, pairs, 2, 3, 0, 1));
  return f32x4.extract_lane(halves, 0) + f32x4.extract_lane(halves, 1);
}

/** Squared distance, or more than `enough` where it is more. */
function squared(p: usize, q: usize, bytes: u32, enough: f32): f32 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let c = f32x4.splat(0);
  let d = f32x4.splat(0);
  let at: u32 = 0;
  while (at + STRETCH < bytes) {
    for (const end = at + STRETCH; at < end; at += 64) {
      const here = p + at;
      const there = q + at;
      a = squares(here, there, a);
      b = addSquare(b, v128.load(here, 16), v128.load(there, 16));
      c = addSquare(c, v128.load(here, 32), v128.load(there, 32));
      d = addSquare(d, v128.load(here, 48), v128.load(there, 48));
    }
    const sum = total(a, b, c, d);
    if (sum > enough) return sum;
  }
  for (; at + 64 <= bytes; at += 64) {
    const here = p + at;
    const there = q + at;
    a = squares(here, there, a);
    b = addSquare(b, v128.load(here, 16), v128.load(there, 16));
    c = addSquare(c, v128.load(here, 32), v128.load(there, 32));
    d = addSquare(d, v128.load(here, 48), v128.load(there, 48));
  }
  for (; at < bytes; at += 16) a = squares(p + at, q + at, a);
  return total(a, b, c, d);
}

/** Squared distances from a point to four others, each summed in four chains; or more than `enough` where all are more. */
function fourSquared(p: usize, q: usize, r: usize, s: usize, t: usize, bytes: u32, enough: f32): v128 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let c = f32x4.splat(0);
  let d = f32x4.splat(0);
  let x = f32x4.splat(0);
  let at: u32 = 0;
  while (at + 64 <= bytes) {
    for (const end = min(at + FOUR_STRETCH, bytes - (bytes & 63)); at < end; at += 64) {
      const here = p + at;
      x = v128.load(here);
      a = addSquare(a, x, v128.load(q + at));
      b = addSquare(b, x, v128.load(r + at));
      c = addSquare(c, x, v128.load(s + at));
      d = addSquare(d, x, v128.load(t + at));
      x = v128.load(here, 16);
      a = addSquare(a, x, v128.load(q + at, 16));
      b = addSquare(b, x, v128.load(r + at, 16));
      c = addSquare(c, x, v128.load(s + at, 16));
      d = addSquare(d, x, v128.load(t + at, 16));
      x = v128.load(here, 32);
      a = addSquare(a, x, v128.load(q + at, 32));
      b = addSquare(b, x, v128.load(r + at, 32));
      c = addSquare(c, x, v128.load(s + at, 32));
      d = addSquare(d, x, v128.load(t + at, 32));
      x = v128.load(here, 48);
      a = addSquare(a, x, v128.load(q + at, 48));
      b = addSquare(b, x, v128.load(r + at, 48));
      c = addSquare(c, x, v128.load(s + at, 48));
      d = addSquare(d, x, v128.load(t + at, 48));
    }
    if (at >= bytes) break;
    const sums = totals(a, b, c, d);
    if (leastOf(sums) > enough) return sums;
  }
  for (; at < bytes; at += 16) {
    a = squares(p + at, q + at, a);
    b = squares(p + at, r + at, b);
    c = squares(p + at, s + at, c);
    d = squares(p + at, t + at, d);
  }
  return totals(a, b, c, d);
}

/** Of `pairSquared`: those from the second point. */
let secondSquared: v128 = f32x4.splat(0);

/**
 * Squared distances from two points to four that follow each other; or more than enough where all are more. What is read
 * serves more than once, and eight sums wait for each other less than four do. Sums of up to 128 values have four chains
 * each, and are added up.
 */
function pairSquared(p: usize, o: usize, q: usize, bytes: u32, enough: f32, secondEnough: f32): v128 {
  const r = q + bytes;
  const s = r + bytes;
  const t = s + bytes;
  let sums = f32x4.splat(0);
  let seconds = f32x4.splat(0);
  let at: u32 = 0;
  do {
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let c = f32x4.splat(0);
    let d = f32x4.splat(0);
    let e = f32x4.splat(0);
    let f = f32x4.splat(0);
    let g = f32x4.splat(0);
    let h = f32x4.splat(0);
    for (const end = min(at + SHORT, bytes); at < end; at += 16) {
      const x = v128.load(p + at);
      const y = v128.load(o + at);
      let other = v128.load(q + at);
      a = addSquare(a, x, other);
      e = addSquare(e, y, other);
      other = v128.load(r + at);
      b = addSquare(b, x, other);
      f = addSquare(f, y, other);
      other = v128.load(s + at);
      c = addSquare(c, x, other);
      g = addSquare(g, y, other);
      other = v128.load(t + at);
      d = addSquare(d, x, other);
      h = addSquare(h, y, other);
    }
    sums = f32x4.add(sums, totals(a, b, c, d));
    seconds = f32x4.add(seconds, totals(e, f, g, h));
  } while (at < bytes && (leastOf(sums) <= enough || leastOf(seconds) <= secondEnough));
  secondSquared = seconds;
  return sums;
}

@inline
function totals(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

@inline
function leastOf(four: v128): f32 {
  const pairs = f32x4.pmin(four, v128.shuffle<f32>(four, four, 2, 3, 0, 1));
  return min(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

@inline
function mostOf(four: v128): f32 {
  const pairs = f32x4.pmax(four, v128.shuffle<f32>(four, four, 2, 3, 0, 1));
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/** Distances that a row takes one by one, since it may stop at any; four at a time cost little more than two. */
const SINGLY: u32 = 8;
/**
 * Bytes of a sum that has four chains; and a point up to which four distances at a time are quicker than one that is cut
 * short.
 */
const SHORT: u32 = 512;

/**
 * Lowers `least`, what is known of each row's squared distance to the nearest centre, by the centres of a list. Rows come
 * in tiles of `tileRows` places.
 *
 * `near` ascends along a list, and says how far each is from an anchor at least; `reach` how far from it each row is at
 * most: by the triangle inequality a row is done when all that follow are farther than what it has. It skips what it
 * knows: centres before `seen`, and those before `met` whose `near` is below `depth`. It stops when it is nearer than its
 * `enough`. `reached` becomes how much of the list a row is done with.
 */
export function lower(call: Lowering): void {
  const rows: usize = call.rows;
  const tileRows = call.tileRows;
  const width = call.width;
  const centres: usize = call.centres;
  const list: usize = call.list;
  const near: usize = call.near;
  const wider = call.wider;
  const bytes = width << 2;
  let tiles: usize = call.tiles;
  let taken: u32 = 0;
  for (let tile: u32 = 0; tile < call.count; tile++) {
    const begin = load<u32>(tiles) << 2;
    const end = load<u32>(tiles, 4) << 2;
    const last = (tile * tileRows + load<u32>(tiles, 8)) << 2;
    tiles += 12;
    for (let at = (tile * tileRows) << 2; at < last; at += 4) {
      const point = rows + at * width;
      const bar = load<f32>(call.enough + at);
      const own = load<f32>(call.reach + at);
      const first = load<u32>(call.seen + at);
      const others = load<u32>(call.met + at);
      const deep = load<f32>(call.depth + at);
      let best = load<f32>(call.least + at);
      let horizon = sqrt(best) * wider + own;
      let entry = begin;
      const before = taken;
      while (entry < end && best >= bar) {
        if (bytes <= SHORT && taken - before >= SINGLY && entry + 16 <= end && load<f32>(near + entry + 12) <= horizon) {
          const at = list + entry;
          const newest = min(min(load<u32>(at), load<u32>(at, 4)), min(load<u32>(at, 8), load<u32>(at, 12)));
          // All four are new to the row, or one by one is the way.
          if (newest >= first && (newest >= others || load<f32>(near + entry) >= deep)) {
            const four = leastOf(
              fourSquared(
                point,
                centres + load<u32>(at) * bytes,
                centres + load<u32>(at, 4) * bytes,
                centres + load<u32>(at, 8) * bytes,
                centres + load<u32>(at, 12) * bytes,
                bytes,
                best,
              ),
            );
            entry += 16;
            taken += 4;
            if (four < best) {
              best = four;
              horizon = sqrt(best) * wider + own;
            }
            continue;
          }
        }
        const apart = load<f32>(near + entry);
        if (apart > horizon) {
          entry = end;
          break;
        }
        const centre = load<u32>(list + entry);
        entry += 4;
        if (centre < first || (centre < others && apart < deep)) continue;
        const found = squared(point, centres + centre * bytes, bytes, best);
        taken++;
        if (found < best) {
          best = found;
          horizon = sqrt(best) * wider + own;
        }
      }
      store<f32>(call.least + at, best);
      store<u32>(call.reached + at, (entry - begin) >> 2);
    }
  }
  call.taken = taken;
}

/**
 * Centres from each `from` on by their distance to a point: fills `list` and `near`, how far each is at least, and tells
 * how many are not farther than `horizon`. Distances are told apart to one in 2⁷ of their squares, the same way in every
 * call, which is what `depth` counts on.
 */
export function order(call: Ordering): void {
  for (let i: u32 = 0; i < call.count; i++) {
    const asked = changetype<Asked>(<usize>call.asked + i * offsetof<Asked>());
    const point = call.points + ((i * call.width) << 2);
    const list = call.list + ((i * call.room) << 2);
    const near = call.near + ((i * call.room) << 2);
    asked.listed = orderAround(call, point, asked.from, asked.horizon, list, near);
  }
}

/** Gives how many it lists. */
function orderAround(call: Ordering, point: usize, from: u32, horizon: f32, list: usize, near: usize): u32 {
  const end = call.end;
  if (from >= end) return 0;
  const keys: usize = call.keys;
  const bins: usize = call.bins;
  const bytes = call.width << 2;
  for (let c = from; c < end; c += 4) {
    const key = keys + ((c - from) << 2);
    const first = call.centres + c * bytes;
    if (bytes <= SHORT) {
      // Past the last the last again: how a distance is summed must not depend on where its centre stands.
      const last = call.centres + (end - 1) * bytes;
      const q = min(first + bytes, last);
      const r = min(q + bytes, last);
      v128.store(key, i32x4.shr_u(fourSquared(point, first, q, r, min(r + bytes, last), bytes, f32.MAX_VALUE), 16));
    } else
      for (let i: u32 = 0; i < min<u32>(4, end - c); i++) {
        const found = squared(point, first + i * bytes, bytes, f32.MAX_VALUE);
        store<u32>(key + (i << 2), reinterpret<u32>(found) >>> 16);
      }
  }
  let least: u32 = 0xffff;
  let most: u32 = 0;
  for (let c: u32 = 0; c < end - from; c++) {
    const bin = load<u32>(keys + (c << 2));
    least = min(least, bin);
    most = max(most, bin);
  }
  memory.fill(bins + (least << 2), 0, (most - least + 2) << 2);
  for (let c: u32 = 0; c < end - from; c++) {
    const bin = bins + ((load<u32>(keys + (c << 2)) + 1) << 2);
    store<u32>(bin, load<u32>(bin) + 1);
  }
  let listed: u32 = 0;
  for (let bin = least; bin <= most; bin++) {
    const at = bins + (bin << 2);
    const atLeast = nearOf(bin, call.wider, call.absolute);
    const before = listed;
    if (atLeast <= horizon) listed += load<u32>(at, 4);
    for (let i = before; i < listed; i++) store<f32>(near + (i << 2), atLeast);
    // From here on: where the next centre of this bin goes; none of one that is too far.
    store<u32>(at, atLeast <= horizon ? before : 0xffffffff);
  }
  for (let c = from; c < end; c++) {
    const at = bins + (load<u32>(keys + ((c - from) << 2)) << 2);
    const place = load<u32>(at);
    if (place == 0xffffffff) continue;
    store<u32>(list + (place << 2), c);
    store<u32>(at, place + 1);
  }
  return listed;
}

/** The distance that squares of a bin stand for at least. */
@inline
function nearOf(bin: u32, wider: f32, absolute: f32): f32 {
  return max<f32>(0, sqrt(reinterpret<f32>(bin << 16)) / wider - absolute);
}

/**
 * The nearest of all centres to each row, and the squared distances of the nearest two. Of the same bits the first is the
 * nearest; those that are left of fours are summed up otherwise. Rows come two at a time, the last one maybe twice; each
 * lane has its own nearest two, of every fourth centre.
 */
export function nearestTwo(call: Comparing): void {
  const bytes = call.width << 2;
  const centres: usize = call.others;
  const fours = call.otherCount & ~3;
  const isLong = bytes > SHORT;
  for (let row: u32 = 0; row < call.count; row += 2) {
    const second = min(row + 1, call.count - 1);
    const point = call.rows + row * bytes;
    const other = call.rows + second * bytes;
    let owns = i32x4.splat(0);
    let bests = f32x4.splat(f32.MAX_VALUE);
    let nexts = bests;
    let secondOwns = owns;
    let secondBests = bests;
    let secondNexts = bests;
    for (let c: u32 = 0; c < fours; c += 4) {
      const from = centres + c * bytes;
      const enough = isLong ? mostOf(nexts) : f32.MAX_VALUE;
      const secondEnough = isLong ? mostOf(secondNexts) : f32.MAX_VALUE;
      const squares = pairSquared(point, other, from, bytes, enough, secondEnough);
      owns = v128.bitselect(i32x4.splat(c), owns, f32x4.lt(squares, bests));
      nexts = f32x4.pmax(bests, f32x4.pmin(nexts, squares));
      bests = f32x4.pmin(bests, squares);
      secondOwns = v128.bitselect(i32x4.splat(c), secondOwns, f32x4.lt(secondSquared, secondBests));
      secondNexts = f32x4.pmax(secondBests, f32x4.pmin(secondNexts, secondSquared));
      secondBests = f32x4.pmin(secondBests, secondSquared);
    }
    finishNearest(call, row, owns, bests, nexts, fours);
    if (second != row) finishNearest(call, second, secondOwns, secondBests, secondNexts, fours);
  }
}

/** Of the lanes' nearest, and of the centres from `from` on one by one. */
function finishNearest(call: Comparing, row: u32, owns: v128, bests: v128, nexts: v128, from: u32): void {
  const bytes = call.width << 2;
  const point = call.rows + row * bytes;
  let best = leastOf(bests);
  const ties = f32x4.eq(bests, f32x4.splat(best));
  const places = v128.bitselect(i32x4.add(owns, i32x4(0, 1, 2, 3)), i32x4.splat(i32.MAX_VALUE), ties);
  const pairs = i32x4.min_u(places, v128.shuffle<i32>(places, places, 2, 3, 0, 1));
  let own = min<u32>(i32x4.extract_lane(pairs, 0), i32x4.extract_lane(pairs, 1));
  const isOwn = i32x4.eq(i32x4(0, 1, 2, 3), i32x4.splat(own & 3));
  let next = min(leastOf(v128.bitselect(f32x4.splat(f32.MAX_VALUE), bests, isOwn)), leastOf(nexts));
  for (let c = from; c < call.otherCount; c++) {
    const found = squared(point, call.others + c * bytes, bytes, next);
    if (found < best) {
      next = best;
      best = found;
      own = c;
    } else if (found < next) next = found;
  }
  store<u32>(call.nearest + (row << 2), own);
  store<f32>(call.first + (row << 2), best);
  store<f32>(call.second + (row << 2), next);
}

/** Squared distances from one point to `count` others. */
export function spread(point: usize, others: usize, count: u32, width: u32, into: usize): void {
  const bytes = width << 2;
  for (let i: u32 = 0; i < count; i++)
    store<f32>(into + (i << 2), squared(point, others + i * bytes, bytes, f32.MAX_VALUE));
}

/** The same to those of a list. */
export function spreadListed(point: usize, others: usize, list: usize, count: u32, width: u32, into: usize): void {
  const bytes = width << 2;
  for (let i: u32 = 0; i < count; i++) {
    const other = others + load<u32>(list + (i << 2)) * bytes;
    store<f32>(into + (i << 2), squared(point, other, bytes, f32.MAX_VALUE));
  }
}

/** Adds to `sums`, for each row Σ 1 / (1 + distance) over others. Rows come two at a time, the last one maybe twice. */
export function closeness(call: Comparing): void {
  const bytes = call.width << 2;
  const fours = call.otherCount & ~3;
  for (let row: u32 = 0; row < call.count; row += 2) {
    const second = min(row + 1, call.count - 1);
    const point = call.rows + row * bytes;
    let sums = f64x2.splat(0);
    let seconds = f64x2.splat(0);
    for (let other: u32 = 0; other < fours; other += 4) {
      const from = call.others + other * bytes;
      sums = addClose(sums, pairSquared(point, call.rows + second * bytes, from, bytes, f32.MAX_VALUE, f32.MAX_VALUE));
      seconds = addClose(seconds, secondSquared);
    }
    finishClose(call, row, sums, fours);
    if (second != row) finishClose(call, second, seconds, fours);
  }
}

@inline
function addClose(sums: v128, squares: v128): v128 {
  const one = f32x4.splat(1);
  const close = f32x4.div(one, f32x4.add(one, f32x4.sqrt(squares)));
  const high = v128.shuffle<f32>(close, close, 2, 3, 0, 1);
  return f64x2.add(sums, f64x2.add(f64x2.promote_low_f32x4(close), f64x2.promote_low_f32x4(high)));
}

/** The others from `from` on, one by one. */
function finishClose(call: Comparing, row: u32, sums: v128, from: u32): void {
  const bytes = call.width << 2;
  const point = call.rows + row * bytes;
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  for (let other = from; other < call.otherCount; other++)
    sum += <f64>(<f32>1 / (<f32>1 + sqrt(squared(point, call.others + other * bytes, bytes, f32.MAX_VALUE))));
  const into = call.sums + (row << 3);
  store<f64>(into, load<f64>(into) + sum);
}

/**
 * Sends rows down a tree of groups. A node is three numbers: a pole and the nodes of those nearer to the pole that they
 * came from and of those nearer to this one; or of a leaf −1, its anchor and its number.
 */
export function descend(call: Descent): void {
  const bytes = call.width << 2;
  const anchors: usize = call.anchors;
  const nodes: usize = call.nodes;
  let taken: u32 = 0;
  for (let row: u32 = 0; row < call.count; row++) {
    const point = call.rows + row * bytes;
    let own = squared(point, anchors + call.rootPole * bytes, bytes, f32.MAX_VALUE);
    let node = nodes;
    taken += 2;
    for (let pole = load<i32>(node); pole >= 0; pole = load<i32>(node)) {
      const other = squared(point, anchors + <u32>pole * bytes, bytes, own);
      taken++;
      const goes = other < own;
      if (goes) own = other;
      node = nodes + (goes ? load<u32>(node, 8) : load<u32>(node, 4)) * 12;
    }
    store<u32>(call.leaf + (row << 2), load<i32>(node, 8));
    const anchor = anchors + load<u32>(node, 4) * bytes;
    store<f32>(call.squaredReach + (row << 2), squared(point, anchor, bytes, f32.MAX_VALUE));
  }
  call.taken = taken;
}

/**
 * The `kept` least squared distances from each row to others, ascending in `best`, which may hold those to earlier
 * others. A row is no neighbour of its own. Rows come two at a time, the last one maybe twice.
 */
export function neighbours(call: Comparing): void {
  const bytes = call.width << 2;
  const fours = call.otherCount & ~3;
  for (let row: u32 = 0; row < call.count; row += 2) {
    const second = min(row + 1, call.count - 1);
    const point = call.rows + row * bytes;
    let bar: f32 = lastOf(call, row);
    let secondBar: f32 = second == row ? <f32>0 : lastOf(call, second);
    for (let other: u32 = 0; other < fours; other += 4) {
      const from = call.others + other * bytes;
      const squares = pairSquared(point, call.rows + second * bytes, from, bytes, bar, secondBar);
      if (isAnyBelow(squares, bar)) bar = takeFour(call, row, other, bar, squares);
      if (isAnyBelow(secondSquared, secondBar)) secondBar = takeFour(call, second, other, secondBar, secondSquared);
    }
    finishNeighbours(call, row, fours, bar);
    if (second != row) finishNeighbours(call, second, fours, secondBar);
  }
}

@inline
function isAnyBelow(four: v128, bar: f32): bool {
  return v128.any_true(f32x4.lt(four, f32x4.splat(bar)));
}

@inline
function lastOf(call: Comparing, row: u32): f32 {
  return load<f32>(call.best + ((row * call.kept + call.kept - 1) << 2));
}

/** Takes four of the distances that a row has to others, but for that to itself, and gives the last of the list. */
function takeFour(call: Comparing, row: u32, other: u32, bar: f32, squares: v128): f32 {
  const list = call.best + ((row * call.kept) << 2);
  const last = (call.kept - 1) << 2;
  const own = call.firstRow + row - call.firstOther;
  if (other != own) bar = sorted(list, last, bar, f32x4.extract_lane(squares, 0));
  if (other + 1 != own) bar = sorted(list, last, bar, f32x4.extract_lane(squares, 1));
  if (other + 2 != own) bar = sorted(list, last, bar, f32x4.extract_lane(squares, 2));
  if (other + 3 != own) bar = sorted(list, last, bar, f32x4.extract_lane(squares, 3));
  return bar;
}

/** Takes those to others from `from` on, one by one. */
function finishNeighbours(call: Comparing, row: u32, from: u32, bar: f32): void {
  const bytes = call.width << 2;
  const point = call.rows + row * bytes;
  const list = call.best + ((row * call.kept) << 2);
  const own = call.firstRow + row - call.firstOther;
  for (let other = from; other < call.otherCount; other++)
    if (other != own)
      bar = sorted(list, (call.kept - 1) << 2, bar, squared(point, call.others + other * bytes, bytes, bar));
}

/** Takes a number into a list that ascends, where it is less than the last one, and gives what is last now. */
@inline
function sorted(list: usize, last: u32, bar: f32, found: f32): f32 {
  if (found >= bar) return bar;
  let at = last;
  for (; at > 0 && load<f32>(list + at - 4) > found; at -= 4) store<f32>(list + at, load<f32>(list + at - 4));
  store<f32>(list + at, found);
  return load<f32>(list + last);
}
