// A linear head on top of features: logits = weight · x + bias, made in registers and never stored.

@group(0) @binding(3) var<storage, read> features: array<u32>;  // [rows, dims]
@group(0) @binding(4) var<storage, read> weights: array<f32>;   // [dims + 1, padded_classes]; the last row is the bias

fn fill(row: u32, first: u32, stride: u32) -> array<f32, SLICE> {
  var logits: array<f32, SLICE>;
  let bias = params.dims * params.padded_classes + first;
  for (var i = 0u; i < SLICE; i++) { logits[i] = weights[bias + i * stride]; }
  health.total = 1.0;
  for (var d = 0u; d < params.dims; d++) {
    let bits = features[row * params.dims + d];
    inspect(bits);
    let x = bitcast<f32>(bits);
    health.total += x * x;
    let column = d * params.padded_classes + first;
    for (var i = 0u; i < SLICE; i++) { logits[i] = fma(x, weights[column + i * stride], logits[i]); }
  }
  for (var i = 0u; i < SLICE; i++) { logits[i] = select(LOWEST, logits[i], first + i * stride < params.classes); }
  return logits;
}
