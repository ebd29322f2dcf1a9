// Sums of a hidden layer through the activation and dropout, and the slope of both beside.
@group(0) @binding(3) var<storage, read_write> outputs: array<vec4f>;  // [outputs, lanes]
@group(0) @binding(4) var<storage, read_write> slopes: array<vec4f>;   // [outputs, lanes]

// What dropout multiplies a unit by in each row of a lane: bit for bit keepsUnit of src/random.ts, where two units share
// the 32 bits of a draw.
fn gains_of(unit: u32, lane: u32) -> vec4f {
  if (part.threshold == 0u) { return vec4f(part.keep_scale); }
  let stream = mix_bits(mix_bits(params.seed + 0x9e3779b9u) ^ params.stream);
  let places = part.first + 4u * lane + vec4u(0u, 1u, 2u, 3u);
  let bits = mix_four(mix_four(mix_four(places ^ vec4u(stream)) ^ vec4u(unit >> 1u)) ^ vec4u(part.pass_));
  let draws = (bits >> vec4u(16u * (unit & 1u))) & vec4u(0xffffu);
  return select(vec4f(), vec4f(part.keep_scale), draws >= vec4u(part.threshold));
}

fn finish_unit(unit: u32, lane: u32, sum: vec4f) {
  let gains = gains_of(unit, lane);
  outputs[unit * params.lanes + lane] = activate(sum) * gains;
  slopes[unit * params.lanes + lane] = slope_of(sum) * gains;
}

fn finish_lane(lane: u32) {}
