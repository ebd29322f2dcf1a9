// What lanes that share a row do together. Every lane of a workgroup must call these at the same time.
//
// Reductions count down from params.half_team and not from TEAM: a compiler that cannot unroll them is done in a third
// of the time behind a software adapter, where every barrier is a suspended coroutine.

override WORKGROUP: u32 = 128u;
override TEAM: u32 = 32u;  // lanes that share a row: a power of two that divides WORKGROUP

var<workgroup> shared_health: array<Health, WORKGROUP>;
var<workgroup> shared_accs: array<vec4f, WORKGROUP>;

// Gives every lane the health of the whole row.
fn share_health(lane: u32, member: u32) {
  shared_health[lane] = health;
  workgroupBarrier();
  for (var half = params.half_team; half > 0u; half /= 2u) {
    if (member < half) {
      let other = shared_health[lane + half];
      shared_health[lane].magnitude = max(shared_health[lane].magnitude, other.magnitude);
      shared_health[lane].pattern = max(shared_health[lane].pattern, other.pattern);
      // Each lane has seen the whole row of features, but only its own share of probabilities.
      shared_health[lane].units = add_units(shared_health[lane].units, other.units);
    }
    workgroupBarrier();
  }
  health = shared_health[lane - member];
  workgroupBarrier();
}

// Merges the folds of a team into those of its first lane.
fn merge_team(accs: ptr<function, Accs>, lane: u32, member: u32) {
  for (var slot = 0u; slot < SCORES; slot++) {
    shared_accs[lane] = (*accs)[slot];
    workgroupBarrier();
    for (var half = params.half_team; half > 0u; half /= 2u) {
      if (member < half) { shared_accs[lane] = merge_one(slot, shared_accs[lane], shared_accs[lane + half]); }
      workgroupBarrier();
    }
    (*accs)[slot] = shared_accs[lane];
    workgroupBarrier();
  }
}
