// Whole numbers of 64 bits, four at a time, as WGSL has none: the sum is 2³² high + low. The same in any order.

struct Wide {
  low: vec4u,
  high: vec4i,
}

fn add_wide(a: Wide, b: Wide) -> Wide {
  let low = a.low + b.low;
  return Wide(low, a.high + b.high + select(vec4i(0), vec4i(1), low < a.low));
}
