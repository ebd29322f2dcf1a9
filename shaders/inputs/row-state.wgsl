// What is known of a row of features before its logits are.
struct RowState {
  magnitude: u32,    // largest bit pattern of a feature without its sign
  squares: f32,      // ‖(x, 1)‖²
  is_doubtful: u32,  // whether a pre-activation is so close to a kink that rounding may have crossed it
}
