// One step of Adam (Kingma & Ba 2015, with the constants of PyTorch) on all weights of a layer. A thread has four
// outputs of an input.

@group(0) @binding(1) var<storage, read> gradient: array<vec4f>;         // [slices, input_lines, weight_line]
@group(0) @binding(2) var<storage, read_write> weights: array<vec4f>;    // [input_lines, weight_line], as products read them
@group(0) @binding(3) var<storage, read_write> pulls: array<f32>;        // [outputs rounded up to pairs + 1, pull_line]
@group(0) @binding(4) var<storage, read_write> moments: array<vec4f>;    // means of gradients, then of their squares
@group(0) @binding(5) var<storage, read_write> faults: array<atomic<u32>>;  // [1]: how many squares float32 could not hold

@compute @workgroup_size(WORKGROUP)
fn step_weights(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let size = params.input_lines * params.weight_line;
  for (var at = id.x; at < size; at += groups.x * WORKGROUP) {
    var slope = vec4f();
    for (var slice = 0u; slice < params.slices; slice++) { slope += gradient[slice * size + at]; }
    let mean = 0.9 * moments[at] + 0.1 * slope;
    let square = 0.999 * moments[size + at] + 0.001 * slope * slope;
    let weight = weights[at] - part.rate * mean / (sqrt(square) * part.spread + 1e-8);
    moments[at] = mean;
    moments[size + at] = square;
    weights[at] = weight;
    if (any((bitcast<vec4u>(square) & vec4u(0x7fffffffu)) >= vec4u(0x7f800000u))) { atomicAdd(&faults[0], 1u); }
    let i = at / params.weight_line;
    let o = 4u * (at % params.weight_line);
    if (i < min(params.inputs, params.pull_line)) {
      for (var c = 0u; c < min(4u, params.outputs - min(o, params.outputs)); c++) {
        pulls[(o + c) * params.pull_line + i] = weight[c];
      }
    }
  }
}
