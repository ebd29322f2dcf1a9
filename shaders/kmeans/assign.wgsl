// Puts rows with their nearest centre, a thread a row: by Σ (x − c)², never the dot expansion. Rows of which float32
// cannot tell are left to the host. Those that change sides are listed and counted.

struct AssignParams {
  width: u32,        // vec4f a point
  k: u32,
  first_row: u32,    // of this stretch of points, in the pool
  first_place: u32,  // of this dispatch
  end_place: u32,
  places: u32,       // of all rows that take part
  fresh: u32,        // 1 where no row is in a cluster yet
  wider: f32,        // 1 and more than what a root and a distance round off
  off: f32,          // how far a distance may be off beside that
  farthest: f32,     // that any centre has moved at most
}

@group(0) @binding(0) var<uniform> params: AssignParams;
@group(0) @binding(1) var<storage, read> points: array<vec4f>;             // [rows, width]
@group(0) @binding(2) var<storage, read> centres: array<vec4f>;            // [k, width]
@group(0) @binding(3) var<storage, read> rows: array<u32>;                 // [places]: in the pool
@group(0) @binding(4) var<storage, read> motion: array<vec2f>;             // [k]: moved at most; half way to another at least
@group(0) @binding(5) var<storage, read_write> known: array<u32>;          // [3, places], the lines below
@group(0) @binding(6) var<storage, read_write> doubts: array<vec2u>;       // place, and the cluster that its row was in
@group(0) @binding(7) var<storage, read_write> moves: array<vec2u>;        // the same, of rows that change sides
@group(0) @binding(8) var<storage, read_write> tally: array<atomic<u32>>;  // doubts, moves, then [k, 2]: rows in, rows out

// The lines of `known`.
const OWN = 0u;    // cluster
const UPPER = 1u;  // f32, distance to its centre at most
const LOWER = 2u;  // f32, to any other at least

const NONE = 0xffffffffu;
const FAR = 0x1p126f;
// Makes up for what a sum rounds off.
const UP = 1.0f + 0x1p-22f;
const DOWN = 1.0f - 0x1p-22f;

fn squared_distance(row: u32, centre: u32) -> f32 {
  var sum = 0.0;
  for (var d = 0u; d < params.width; d++) {
    let x = points[row * params.width + d] - centres[centre * params.width + d];
    sum += dot(x, x);
  }
  return sum;
}

fn squared_distances(row: u32, four: vec4u) -> vec4f {
  var sums = vec4f();
  for (var d = 0u; d < params.width; d++) {
    let x = points[row * params.width + d];
    let a = x - centres[four.x * params.width + d];
    let b = x - centres[four.y * params.width + d];
    let c = x - centres[four.z * params.width + d];
    let e = x - centres[four.w * params.width + d];
    sums += vec4f(dot(a, a), dot(b, b), dot(c, c), dot(e, e));
  }
  return sums;
}

fn at_most(squared: f32) -> f32 {
  return sqrt(squared) * params.wider + params.off;
}

fn at_least(squared: f32) -> f32 {
  return sqrt(squared) / params.wider - params.off;
}

// Whether a row's centre is still the nearest beyond doubt. Brings its bounds up to date.
fn stays(place: u32, row: u32, own: u32) -> bool {
  let upper = (bitcast<f32>(known[UPPER * params.places + place]) + motion[own].x) * UP;
  let lower = max(0.0, bitcast<f32>(known[LOWER * params.places + place]) - params.farthest) * DOWN;
  known[UPPER * params.places + place] = bitcast<u32>(upper);
  known[LOWER * params.places + place] = bitcast<u32>(lower);
  let near = max(lower, motion[own].y);
  if (upper < near) { return true; }
  let now = at_most(squared_distance(row, own));
  known[UPPER * params.places + place] = bitcast<u32>(now);
  return now < near;
}

@compute @workgroup_size(64)
fn assign_rows(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  for (var place = params.first_place + id.x; place < params.end_place; place += 64u * groups.x) {
    let row = rows[place] - params.first_row;
    var own = NONE;
    if (params.fresh == 0u) {
      own = known[OWN * params.places + place];
      if (stays(place, row, own)) { continue; }
    }
    var nearest = 0u;
    var first = FAR;
    var second = FAR;
    for (var c = 0u; c < params.k; c += 4u) {
      let four = vec4u(c) + vec4u(0u, 1u, 2u, 3u);
      let there = four < vec4u(params.k);
      let squares = select(vec4f(FAR), squared_distances(row, min(four, vec4u(params.k - 1u))), there);
      for (var i = 0u; i < 4u; i++) {
        let found = squares[i];
        if (found < first) {
          second = first;
          first = found;
          nearest = c + i;
        } else {
          second = min(second, found);
        }
      }
    }
    let upper = at_most(first);
    let lower = at_least(second);
    if (upper >= lower) {
      doubts[atomicAdd(&tally[0], 1u)] = vec2u(place, own);
      continue;
    }
    known[OWN * params.places + place] = nearest;
    known[UPPER * params.places + place] = bitcast<u32>(upper);
    known[LOWER * params.places + place] = bitcast<u32>(lower);
    if (nearest == own) { continue; }
    moves[atomicAdd(&tally[1], 1u)] = vec2u(place, own);
    atomicAdd(&tally[2u + 2u * nearest], 1u);
    if (own != NONE) { atomicAdd(&tally[3u + 2u * own], 1u); }
  }
}
