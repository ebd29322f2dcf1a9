// φ and φ′, four at a time.

override ACTIVATION: u32 = 0u;  // 0 none, 1 relu, 2 gelu, 3 tanh

// Φ(a), the standard normal distribution function, to 3e-7 (Abramowitz & Stegun 1964, 7.1.26 for erf(a / √2)). Below 0
// it is the tail itself, not what is left of 1.
fn normal_cdf(a: vec4f) -> vec4f {
  let y = abs(a) * 0.70710678;
  let t = 1.0 / (1.0 + 0.3275911 * y);
  let tail = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  let half_tail = 0.5 * tail * exp(max(-y * y, vec4f(-80.0)));
  return select(1.0 - half_tail, half_tail, a < vec4f());
}

// The built-in tanh may be off by 1e-5.
fn exact_tanh(a: vec4f) -> vec4f {
  let e = exp(max(-2.0 * abs(a), vec4f(-80.0)));
  return sign(a) * (1.0 - e) / (1.0 + e);
}

fn activate(a: vec4f) -> vec4f {
  switch ACTIVATION {
    case 1u: { return max(a, vec4f()); }
    case 2u: { return a * normal_cdf(a); }
    case 3u: { return exact_tanh(a); }
    default: { return a; }
  }
}

fn slope_of(a: vec4f) -> vec4f {
  switch ACTIVATION {
    case 1u: { return select(vec4f(), vec4f(1.0), a > vec4f()); }
    case 2u: { return normal_cdf(a) + a * 0.39894228 * exp(max(-0.5 * a * a, vec4f(-80.0))); }
    case 3u: { let h = exact_tanh(a); return 1.0 - h * h; }
    default: { return vec4f(1.0); }
  }
}
