// Features as they are stored, turned, and what is to be known of each row. What is no valid input becomes 0.

@group(0) @binding(1) var<storage, read> features: array<u32>;               // [rows, dims]
@group(0) @binding(2) var<storage, read_write> turned: array<f32>;           // [dims, 4 row_lanes]
@group(0) @binding(3) var<storage, read_write> row_states: array<RowState>;

@compute @workgroup_size(WORKGROUP)
fn turn_rows(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var row = id.x; row < params.rows; row += groups.x * WORKGROUP) {
    var magnitude = 0u;
    var squares = 1.0;
    for (var d = 0u; d < params.dims; d++) {
      let bits = features[row * params.dims + d];
      let size = bits & 0x7fffffffu;
      magnitude = max(magnitude, size);
      let x = bitcast<f32>(select(0u, bits, size < params.limit));
      squares += x * x;
      turned[d * params.row_lanes * 4u + row] = x;
    }
    row_states[row] = RowState(magnitude, squares, u32(squares > params.safe_square));
  }
}
