// The one generator, bit for bit src/random.ts: a hash of where a number is needed.

const STREAM_SCORES = 1u;

fn mix_bits(value: u32) -> u32 {
  var h = value;
  h = (h ^ (h >> 16u)) * 0x85ebca6bu;
  h = (h ^ (h >> 13u)) * 0xc2b2ae35u;
  return h ^ (h >> 16u);
}

// Four at a time.
fn mix_four(value: vec4u) -> vec4u {
  var h = value;
  h = (h ^ (h >> vec4u(16u))) * 0x85ebca6bu;
  h = (h ^ (h >> vec4u(13u))) * 0xc2b2ae35u;
  return h ^ (h >> vec4u(16u));
}

fn random_bits(seed: u32, stream: u32, row: u32, unit: u32, pass_: u32) -> u32 {
  var h = mix_bits(seed + 0x9e3779b9u);
  h = mix_bits(h ^ stream);
  h = mix_bits(h ^ row);
  h = mix_bits(h ^ unit);
  return mix_bits(h ^ pass_);
}

// Uniform in [0, 1), a multiple of 2^-24: exact in float32.
fn random_uniform(seed: u32, stream: u32, row: u32, unit: u32, pass_: u32) -> f32 {
  return f32(random_bits(seed, stream, row, unit, pass_) >> 8u) * 0x1p-24f;
}
