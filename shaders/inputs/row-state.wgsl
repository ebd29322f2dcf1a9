// What is known of a row of features before its logits are.
struct RowState {
  magnitude: u32,    // largest bit pattern of a feature without its sign
  squares: f32,      // ‖(x, 1)‖²
  is_doubtful: u32,  // whether float64 must judge it: rounding may have crossed a kink, or float32 may have ended
}
