// Gradient lengths of each label, turned as the logits are. A square beyond float32 leaves the row to float64.
@group(0) @binding(8) var<storage, read> gradients: array<u32>;  // [classes, class_stride], squares
fn gradient_at(row: u32, class_: u32) -> f32 {
  let bits = gradients[min(class_, params.classes - 1u) * params.class_stride + row];
  is_doubtful = is_doubtful || bits > 0x7e000000u;
  return sqrt(bitcast<f32>(bits));
}
