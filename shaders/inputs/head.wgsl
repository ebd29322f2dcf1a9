// Logits of a head, turned: a line of all rows a class, so that threads on neighbouring rows read neighbouring values.

@group(0) @binding(3) var<storage, read> logits: array<u32>;    // [classes, class_stride]
@group(0) @binding(4) var<storage, read> row_states: array<RowState>;

fn fill(row: u32, first: u32, stride: u32) -> array<f32, SLICE> {
  begin_row(row);
  var values: array<f32, SLICE>;
  for (var i = 0u; i < SLICE; i++) {
    let k = first + i * stride;
    let bits = logits[min(k, params.classes - 1u) * params.class_stride + row];
    values[i] = select(LOWEST, bitcast<f32>(bits), k < params.classes);
  }
  return values;
}

fn begin_row(row: u32) {
  let state = row_states[row];
  health.magnitude = state.magnitude;
  health.squares = state.squares;
  is_doubtful = is_doubtful || state.is_doubtful != 0u;
}

fn bits_at(row: u32, pass_: u32, class_: u32) -> u32 {
  return logits[class_ * params.class_stride + row * params.row_stride + pass_ * params.pass_stride];
}

// Heads give logits, and all that matters of the features is known already.
fn inspect_prediction(bits: u32) {}
fn log_probability(bits: u32) -> f32 { return 0.0; }
