// Masks of MC dropout, bit for bit keepsUnit of src/random.ts: two units share the 32 bits of a draw.

var<private> row_hash: u32;
var<private> pass_numbers: vec4u;

// A lane is four passes of a row.
fn open_lane(lane: u32) {
  let row = params.first_row + lane / params.pass_quads;
  row_hash = mix_bits(mix_bits(mix_bits(params.seed + 0x9e3779b9u) ^ params.stream) ^ row);
  pass_numbers = params.first_pass + 4u * (lane % params.pass_quads) + vec4u(0u, 1u, 2u, 3u);
}

// What remains of a pair of neighbouring units in each of the four passes.
fn drop_units(pair: array<vec4f, 2>, unit: u32) -> array<vec4f, 2> {
  let bits = mix_four(vec4u(mix_bits(row_hash ^ (unit >> 1u))) ^ pass_numbers);
  let even = (bits & vec4u(0xffffu)) >= vec4u(params.threshold);
  let odd = (bits >> vec4u(16u)) >= vec4u(params.threshold);
  return array<vec4f, 2>(
    select(vec4f(), pair[0] * params.keep_scale, even),
    select(vec4f(), pair[1] * params.keep_scale, odd),
  );
}
