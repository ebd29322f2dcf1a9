// Lowers what rows know of their squared distance to the nearest centre: Σ (x − c)², never the dot expansion, so that
// equal rows are at 0. A thread takes a row, a workgroup the rows of a tile, which are compared with the same centres at
// the same time, four for each value of the row that is read. No rows × centres array exists. How points are stored is
// said elsewhere, by point_part.

struct SweepParams {
  width: u32,       // vec4f a point
  first_row: u32,   // of this stretch of points, in the pool
  rows: u32,        // of this stretch
  first_tile: u32,  // of this dispatch
  end_tile: u32,
  places: u32,      // rows of all tiles
  wider: f32,       // 1 and more than what a root and a distance round off
}

@group(0) @binding(0) var<uniform> params: SweepParams;
@group(0) @binding(2) var<storage, read> centres: array<vec4f>;    // [centres, width]
@group(0) @binding(3) var<storage, read> tiles: array<u32>;        // [tiles, 3]: begin and end in the list, rows
@group(0) @binding(4) var<storage, read> list: array<u32>;         // numbers of centres
@group(0) @binding(5) var<storage, read> near: array<f32>;         // how far each is from an anchor at least, ascending
@group(0) @binding(6) var<storage, read> known: array<u32>;        // [7, places], the lines below
@group(0) @binding(7) var<storage, read_write> found: array<u32>;  // [3, places]: least (f32), reached, distances taken

const TILE = 64u;

// The lines of `known`; f32 where it says so.
const ROW = 0u;     // in the pool
const LEAST = 1u;   // f32, squared distance that is known
const REACH = 2u;   // f32, how far from the anchor at most
const ENOUGH = 3u;  // f32, squared: a row that is nearer stops
const SEEN = 4u;    // centres before it are known,
const MET = 5u;     // and those before it
const DEPTH = 6u;   // f32, that are nearer to the anchor than this

fn word_of(line: u32, place: u32) -> u32 {
  return known[line * params.places + place];
}

fn value_of(line: u32, place: u32) -> f32 {
  return bitcast<f32>(word_of(line, place));
}

fn squared_distances(row: u32, four: vec4u) -> vec4f {
  var sums = vec4f();
  for (var d = 0u; d < params.width; d++) {
    let x = point_part(row, d);
    let a = x - centres[four.x * params.width + d];
    let b = x - centres[four.y * params.width + d];
    let c = x - centres[four.z * params.width + d];
    let e = x - centres[four.w * params.width + d];
    sums += vec4f(dot(a, a), dot(b, b), dot(c, c), dot(e, e));
  }
  return sums;
}

@compute @workgroup_size(TILE)
fn lower_tiles(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(num_workgroups) groups: vec3u,
) {
  for (var tile = params.first_tile + group.x; tile < params.end_tile; tile += groups.x) {
    let begin = tiles[3u * tile];
    let end = tiles[3u * tile + 1u];
    let place = tile * TILE + lane;
    let row = word_of(ROW, place) - params.first_row;
    if (lane >= tiles[3u * tile + 2u] || row >= params.rows) { continue; }
    let enough = value_of(ENOUGH, place);
    let reach = value_of(REACH, place);
    let seen = word_of(SEEN, place);
    let met = word_of(MET, place);
    let depth = value_of(DEPTH, place);
    var least = value_of(LEAST, place);
    var horizon = sqrt(least) * params.wider + reach;
    var taken = 0u;
    var entry = begin;
    for (; entry < end && least >= enough; entry += 4u) {
      if (near[entry] > horizon) {
        entry = end;
        break;
      }
      let entries = min(vec4u(entry) + vec4u(0u, 1u, 2u, 3u), vec4u(end - 1u));
      let four = vec4u(list[entries.x], list[entries.y], list[entries.z], list[entries.w]);
      let apart = vec4f(near[entries.x], near[entries.y], near[entries.z], near[entries.w]);
      if (all((four < vec4u(seen)) | ((four < vec4u(met)) & (apart < vec4f(depth))))) { continue; }
      let squares = squared_distances(row, four);
      least = min(least, min(min(squares.x, squares.y), min(squares.z, squares.w)));
      horizon = sqrt(least) * params.wider + reach;
      taken += 4u;
    }
    found[place] = bitcast<u32>(least);
    found[params.places + place] = min(entry, end) - begin;
    found[2u * params.places + place] = taken;
  }
}
