// What a pass over the pool tells the host beside the scores.
struct Report {
  invalid: atomic<u32>,        // rows left out
  first_invalid: atomic<u32>,  // the lowest of them
  norm: atomic<u32>,           // bits of the largest ‖(x, 1)‖²: what a head's rounding error grows with
  doubts: atomic<u32>,         // the most votes of a row that rounding may have turned
}
