// Points as they are.
@group(0) @binding(1) var<storage, read> points: array<vec4f>;  // [rows, width]

fn point_part(row: u32, d: u32) -> vec4f {
  return points[row * params.width + d];
}
