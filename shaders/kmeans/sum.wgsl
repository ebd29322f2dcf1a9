// Adds up what rows that change sides bring to a cluster. A thread takes four dims of a part of its sorted rows; those
// that are in another stretch of points have a dispatch of their own.

struct SumParams {
  width: u32,       // vec4f a point
  first_row: u32,   // of this stretch of points, in the pool
  rows: u32,        // of this stretch
  first_part: u32,  // of this dispatch
  end_part: u32,
  unit: f32,        // makes coordinates whole numbers
}

@group(0) @binding(0) var<uniform> params: SumParams;
@group(0) @binding(1) var<storage, read> points: array<vec4f>;           // [rows, width]
@group(0) @binding(2) var<storage, read> rows: array<u32>;               // [places]: in the pool
@group(0) @binding(3) var<storage, read> sorted: array<u32>;             // 2 place, and 1 more where its row leaves
@group(0) @binding(4) var<storage, read> parts: array<vec2u>;            // begin and end in `sorted`, of one cluster each
@group(0) @binding(5) var<storage, read_write> subtotals: array<Wide>;  // [parts, width]

@compute @workgroup_size(64)
fn sum_parts(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let end = params.end_part * params.width;
  for (var i = params.first_part * params.width + id.x; i < end; i += 64u * groups.x) {
    let part = parts[i / params.width];
    let column = i % params.width;
    var sum = subtotals[i];
    for (var at = part.x; at < part.y; at++) {
      let entry = sorted[at];
      let row = rows[entry >> 1u] - params.first_row;
      if (row >= params.rows) { continue; }
      let value = vec4i(trunc(points[row * params.width + column] * params.unit));
      let change = select(value, -value, (entry & 1u) == 1u);
      sum = add_wide(sum, Wide(bitcast<vec4u>(change), change >> vec4u(31u)));
    }
    subtotals[i] = sum;
  }
}
