// Inputs that are the same in every pass, with dropout.
@group(0) @binding(2) var<storage, read> inputs: array<f32>;  // [inputs, 4 row_lanes]

fn read_pair(unit: u32, lane: u32) -> array<vec4f, 2> {
  let line = 4u * params.row_lanes;
  let at = unit * line + lane / params.pass_quads;
  let odd = select(inputs[min(at + line, arrayLength(&inputs) - 1u)], 0.0, unit + 1u == params.inputs);
  return drop_units(array<vec4f, 2>(vec4f(inputs[at]), vec4f(odd)), unit);
}
