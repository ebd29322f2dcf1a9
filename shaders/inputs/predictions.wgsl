// Logits or probabilities as they are stored, [passes, rows, classes].

@group(0) @binding(3) var<storage, read> predictions: array<u32>;

// ln p, also of a p below the smallest normal float32, which a float32 operation may take for 0.
fn log_probability(pattern: u32) -> f32 {
  let bits = pattern & 0x7fffffffu;  // −0 is 0
  if (bits == 0u) { return LOWEST; }
  if (bits < 0x00800000u) { return log(f32(bits)) - 103.27893; }  // bits · 2^-149
  return log(bitcast<f32>(bits));
}

// Classes first, first + stride, … of a row; past the last class what weighs nothing.
fn fill(row: u32, first: u32, stride: u32) -> array<f32, SLICE> {
  var values: array<f32, SLICE>;
  let start = row * params.classes;
  for (var i = 0u; i < SLICE; i++) {
    let k = first + i * stride;
    let inside = k < params.classes;
    let bits = select(0u, predictions[start + min(k, params.classes - 1u)], inside);
    inspect(bits);
    let value = bitcast<f32>(bits);
    if (PROBABILITIES) { health.units = add_units(health.units, u32(min(value, 1.5) * UNITS)); }
    if (PROBABILITIES && !DIRECT) {
      values[i] = log_probability(bits);
    } else if (DIRECT) {
      values[i] = value;
    } else {
      values[i] = select(LOWEST, value, inside);
    }
  }
  return values;
}

fn begin_row(row: u32) {}

fn bits_at(row: u32, pass_: u32, class_: u32) -> u32 {
  return predictions[(params.first_pass + pass_) * params.pass_stride + row * params.row_stride + class_];
}

fn inspect_prediction(bits: u32) {
  inspect(bits);
  if (PROBABILITIES) { health.units = add_units(health.units, u32(min(bitcast<f32>(bits), 1.5) * UNITS)); }
}
