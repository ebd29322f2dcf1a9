// Points rounded to float16, two values a word.
@group(0) @binding(1) var<storage, read> points: array<vec2u>;  // [rows, width]

fn point_part(row: u32, d: u32) -> vec4f {
  let four = points[row * params.width + d];
  return vec4f(unpack2x16float(four.x), unpack2x16float(four.y));
}
