// Inputs of each pass, with dropout.
@group(0) @binding(2) var<storage, read> inputs: array<vec4f>;  // [inputs, lanes]

fn read_pair(unit: u32, lane: u32) -> array<vec4f, 2> {
  let at = unit * params.lanes + lane;
  if (unit + 1u == params.inputs) { return drop_units(array<vec4f, 2>(inputs[at], vec4f()), unit); }
  return drop_units(array<vec4f, 2>(inputs[at], inputs[at + params.lanes]), unit);
}
