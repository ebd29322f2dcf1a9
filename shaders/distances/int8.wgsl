// Points rounded to whole numbers from -127 to 127 times a scale of their row, four values a word, the scale (f32) before them.
@group(0) @binding(1) var<storage, read> points: array<u32>;  // [rows, 1 + width]

fn point_part(row: u32, d: u32) -> vec4f {
  let first = row * (params.width + 1u);
  let four = bitcast<i32>(points[first + 1u + d]);
  let whole = vec4i(extractBits(four, 0u, 8u), extractBits(four, 8u, 8u), extractBits(four, 16u, 8u), extractBits(four, 24u, 8u));
  return vec4f(whole) * bitcast<f32>(points[first]);
}
