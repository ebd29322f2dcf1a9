// A linear head on top of features: logits = weight · x + bias, made in registers and never stored.

@group(0) @binding(3) var<storage, read> features: array<u32>;  // [rows, dims]
// [dims + 1, padded_classes], the bias last, and in each line the SLICE classes of a lane beside each other.
@group(0) @binding(4) var<storage, read> weights: array<vec4f>;

const QUADS = SLICE / 4u;

fn fill(row: u32, first: u32, stride: u32) -> array<f32, SLICE> {
  let step = SLICE * stride;
  let column = ((first / step) * step + (first % stride) * SLICE) / 4u;
  let line = params.padded_classes / 4u;
  var sums: array<vec4f, QUADS>;
  for (var q = 0u; q < QUADS; q++) { sums[q] = weights[params.dims * line + column + q]; }
  health.squares = 1.0;
  for (var d = 0u; d < params.dims; d++) {
    let bits = features[row * params.dims + d];
    inspect(bits);
    let x = bitcast<f32>(bits);
    health.squares += x * x;
    for (var q = 0u; q < QUADS; q++) { sums[q] = fma(vec4f(x), weights[d * line + column + q], sums[q]); }
  }
  var logits: array<f32, SLICE>;
  for (var i = 0u; i < SLICE; i++) {
    logits[i] = select(LOWEST, sums[i / 4u][i % 4u], first + i * stride < params.classes);
  }
  return logits;
}
