// What every score frame shares: where a chunk lies, what is reported of it, and what becomes of a finished row.
//
// A score kernel is the concatenation of: this file, one frame (who reads which classes of which row), one input (where
// logits come from), one tally (what else is counted on the way), the score files asked for, and the link between them
// (SCORES accumulators, and functions that forward to each score's own). Each prediction is read once, however many
// scores are asked for.

// What is known of one class of a row when a score sees it.
struct Belief {
  p: f32,         // probability, the mean over passes
  h: f32,         // −p ln p of that mean
  within: f32,    // mean over passes of −p ln p; h where there is one pass
  votes: f32,     // share of passes whose likeliest class it is
  spread: f32,    // standard deviation of p over passes
  gradient: f32,  // length of the loss's gradient if this were the label
}

struct ScoreParams {
  rows: u32,          // of this chunk
  classes: u32,
  first_row: u32,     // of this chunk, in the pool
  segment_row: u32,   // of this chunk, in the scores buffer
  segment_rows: u32,  // distance between two strategies in the scores buffer
  seed: u32,
  half_team: u32,     // half the lanes that share a row
  limit: u32,         // bit pattern from which a magnitude is not valid input
  half_floor: f32,    // −50 τ: below it exp((z − top) / τ) is 0 in float32
  double_scale: f32,  // 2 / τ
  class_stride: u32,  // distance in the input between two classes of a row, where that is not 1
  row_stride: u32,    // and between two rows
  pass_stride: u32,   // and between two passes
  first_pass: u32,    // where the passes of this dispatch begin in the input
  passes: u32,        // that this dispatch takes in
  seen: u32,          // that earlier ones have taken in, of the same round
  all_passes: u32,
  round: u32,         // 0: means, votes and deviations; 1: divergence from the mean
  is_last: u32,       // whether rows are finished with these passes
  gap: f32,           // a vote is in doubt when two logits are this close, for every unit of ‖(x, 1)‖
}

@group(0) @binding(0) var<uniform> params: ScoreParams;
@group(0) @binding(1) var<storage, read_write> scores: array<u32>;
@group(0) @binding(2) var<storage, read_write> report: Report;

// Probabilities instead of logits, and whether they are used as they stand (temperature 1: no softmax).
override PROBABILITIES: bool = false;
override DIRECT: bool = false;

const LOWEST = -0x1.fffffep+127f;
const NOT_A_SCORE = 0x7fc00000u;
// Probabilities are added up in whole units of 2^-30: integers have one sum in any order, so every backend comes to the
// same verdict on a row that misses 1 by nearly the tolerance.
const UNITS = 0x1p30f;
const ONE = 1u << 30u;
const SUM_TOLERANCE = 1073741u;  // 1e-3
const MOST_UNITS = 0x7fffffffu;  // sums stop here, well past what is valid

// What has been seen of one row's input while it was read.
struct Health {
  magnitude: u32,  // largest bit pattern without its sign: NaN and infinity are the largest of all
  pattern: u32,    // largest bit pattern: past that of −0 when any value is negative
  units: u32,      // sum of probabilities
  squares: f32,    // ‖(x, 1)‖² of features
}
var<private> health: Health;

// Whether rounding may have turned a vote or a kink, so that no bound holds and float64 must decide.
var<private> is_doubtful: bool;
// The largest divergence of a pass from the mean, where a score needs it.
var<private> divergence: f32;

fn inspect(bits: u32) {
  health.magnitude = max(health.magnitude, bits & 0x7fffffffu);
  health.pattern = max(health.pattern, bits);
}

fn add_units(a: u32, b: u32) -> u32 {
  return min(a + b, MOST_UNITS);
}

fn is_valid() -> bool {
  if (health.magnitude >= params.limit) { return false; }
  if (!PROBABILITIES) { return true; }
  let miss = select(ONE - health.units, health.units - ONE, health.units > ONE);
  return health.pattern <= 0x80000000u && miss <= SUM_TOLERANCE;
}

// (z − top) / τ without overflow: halves are exact, and the difference is cut off where its exponential is 0.
fn below_top(z: f32, half_top: f32) -> f32 {
  return max(z * 0.5 - half_top, params.half_floor) * params.double_scale;
}

// −p ln p of a probability, exact at 0. No logarithm is taken of a number that may be flushed to 0.
fn surprise(p: f32) -> f32 {
  return select(0.0, -p * log(max(p, 0x1p-126f)), p > 0.0);
}

// The one pass of a plain model.
fn alone(p: f32, h: f32, row: u32, class_: u32) -> Belief {
  return Belief(p, h, h, 0.0, 0.0, gradient_at(row, class_));
}

// Records a finished row of this chunk. A row that was not valid keeps its place with a score that is not a number.
fn emit(row: u32, valid: bool, accs: ptr<function, array<vec4f, SCORES>>) {
  if (!valid) {
    atomicAdd(&report.invalid, 1u);
    atomicMin(&report.first_invalid, params.first_row + row);
  }
  for (var slot = 0u; slot < SCORES; slot++) {
    let score = bitcast<u32>(finish_one(slot, (*accs)[slot], params.first_row + row));
    let bits = select(NOT_A_SCORE, in_doubt(score, is_doubtful), valid);
    scores[slot * params.segment_rows + params.segment_row + row] = bits;
    tally(slot, params.segment_row + row, bits);
  }
}
