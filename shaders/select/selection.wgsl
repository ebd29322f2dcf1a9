// What the steps of a selection hand to each other. It starts as (0, k, 1, 0): of fewer than
// k ranked rows no digit is found, and all of them are candidates.
struct Selection {
  prefix: u32,        // digits of the k-th largest key found so far
  remaining: u32,     // its rank among the keys with that prefix, from 1
  threshold: u32,     // keys from here on may be among the k: the k-th largest, less the kernels' error
  candidates: atomic<u32>,
}
