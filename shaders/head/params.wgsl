// A matrix of a head's values is turned: a line of all rows a unit, four rows to a vec4f, so that neighbouring threads
// read and write neighbouring values. Where a block of passes runs, four passes of one row are the vec4f, and the line
// holds every row with all passes of the block.

struct HeadParams {
  rows: u32,        // of this chunk
  dims: u32,        // values a row of features
  lanes: u32,       // vec4f a line of what is written
  row_lanes: u32,   // vec4f a line that has one value a row
  inputs: u32,
  outputs: u32,
  weight_line: u32, // vec4f a line of the weights
  units: u32,       // lines of what norms are taken of
  pass_quads: u32,  // fours of passes in the block; 0 without dropout
  first_pass: u32,
  first_row: u32,   // of this chunk, in the pool
  seed: u32,
  stream: u32,      // of the masks of the layer that is read
  threshold: u32,   // draws of 16 bits below it leave a unit out
  keep_scale: f32,  // 1 / (1 − rate)
  kink: f32,        // a pre-activation this close to 0 may be on the wrong side, for every unit of ‖(x, 1)‖
  label: u32,       // first of the four labels whose gradients are pulled back
  limit: u32,       // bit pattern from which a magnitude is not valid input
  half_floor: f32,  // −50 τ: below it exp((z − top) / τ) is 0 in float32
  double_scale: f32, // 2 / τ
  safe_square: f32, // a row with a larger ‖(x, 1)‖² may grow past float32 on its way through the layers
}

@group(0) @binding(0) var<uniform> params: HeadParams;

override WORKGROUP: u32 = 64u;
