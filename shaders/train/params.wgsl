// Values of a batch are turned as those of a head are: a line a unit, four rows a vec4f. Lines of a layer's input are
// laid out as its weights are, [inputs rounded up to pairs + 1], with ones on the last for the bias; lines of its output
// are [outputs rounded up to tiles]. Lines and rows past the end hold zeros.

struct TrainParams {
  lanes: u32,       // vec4f a line of values
  inputs: u32,
  outputs: u32,
  input_lines: u32, // inputs rounded up to pairs + 1
  weight_line: u32, // vec4f a line of weights
  slices: u32,      // stretches of a batch whose gradients are summed apart
  pull_line: u32,   // f32 a line of the weights turned; 0 where nothing is pulled back through the layer
}

@group(0) @binding(0) var<uniform> params: TrainParams;

override WORKGROUP: u32 = 32u;
