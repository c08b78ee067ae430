// attention-merge: the sums of the splits of a row on the largest of their maxima: with c_k = exp(M_k - M),
// F = Σ_k c_k F_k, Z = Σ_k c_k Z_k, E = Σ_k c_k (E_k + (M_k - M) Z_k), W = Σ_k c_k² W_k; then F/Z and W/Z².
// Equations 3.2-3.5. Twin: src/reference/attention-merge.ts
//
// FROZEN sums are J m and J² w already and are added. One thread a row.
// @import lib/dispatch.wgsl
// @import lib/exponential.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const MASK: u32 = 0u;              // 0 none, 1 causal
const MOMENTS: u32 = 1u;
const STATISTICS: bool = true;
const FROZEN: bool = false;

struct Params {
  systems: u32,
  systemsPerCoupling: u32,
  rows: u32,
  rowStart: u32,
  rowCount: u32,
  columns: u32,
  componentStride: u32,
  splits: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partialField: array<f32>;        // [split][system][pad(rows)][componentStride]
@group(0) @binding(2) var<storage, read> partialMoments: array<f32>;      // [split][system][MOMENTS][pad(rows)]
@group(0) @binding(3) var<storage, read> partialRows: array<vec4f>;       // [split][system][pad(rows)] (M, Z, E, Y)
@group(0) @binding(4) var<storage, read_write> field: array<f32>;         // [system][pad(rows)][componentStride]
@group(0) @binding(5) var<storage, read_write> moments: array<f32>;       // [system][MOMENTS][pad(rows)]
@group(0) @binding(6) var<storage, read_write> statistics: array<vec4f>;  // [coupling][pad(rows)][2]

/// c_k of a split.
fn scale_of(split: u32, row: u32, stride: u32, maximum: f32) -> f32 {
  if (FROZEN) { return 1.0; }
  return accurate_exp(partialRows[split * stride + row].x - maximum);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let padded = 4u * ((params.rows + 3u) / 4u);
  let end = params.rowStart + params.rowCount;
  let last = select(end, padded, end == params.rows);
  let count = last - params.rowStart;
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.systems * count) { return; }
  let system = index / count;
  let site = params.rowStart + index % count;
  let row = system * padded + site;
  let stride = params.systems * padded;
  let inside = site < params.rows;

  var maximum = -1e30;
  var linear = 1.0;
  var shifted = 0.0;
  var square = 0.0;
  if (!FROZEN) {
    for (var split = 0u; split < params.splits; split++) {
      maximum = max(maximum, partialRows[split * stride + row].x);
    }
    linear = 0.0;
    for (var split = 0u; split < params.splits; split++) {
      let sums = partialRows[split * stride + row];
      let c = scale_of(split, row, stride, maximum);
      linear += c * sums.y;
      shifted += c * fma(sums.x - maximum, sums.y, sums.z);
      square += c * c * sums.w;
    }
  }
  let inverse = select(0.0, 1.0 / linear, inside && linear > 0.0);
  for (var k = 0u; k < params.componentStride; k++) {
    var sum = 0.0;
    for (var split = 0u; split < params.splits; split++) {
      let c = scale_of(split, row, stride, maximum);
      sum += c * partialField[(split * stride + row) * params.componentStride + k];
    }
    field[row * params.componentStride + k] = select(0.0, sum * inverse, inside);
  }
  for (var kind = 0u; kind < MOMENTS; kind++) {
    var sum = 0.0;
    for (var split = 0u; split < params.splits; split++) {
      let c = scale_of(split, row, stride, maximum);
      sum += c * c * partialMoments[((split * params.systems + system) * MOMENTS + kind) * padded + site];
    }
    moments[(system * MOMENTS + kind) * padded + site] = select(0.0, sum * inverse * inverse, inside);
  }
  if (FROZEN || !inside || system % params.systemsPerCoupling != 0u) { return; }
  var found = vec4f();
  if (linear > 0.0) {
    let log_sum = log(linear);
    let taken = select(params.columns, min(site + 1u, params.columns), MASK == 1u);
    found = vec4f(maximum + log_sum, 0.0, 0.0, f32(taken));
    if (STATISTICS) {
      found.y = log_sum - shifted * inverse;
      found.z = square * inverse * inverse;
    }
  }
  let at = 2u * ((system / params.systemsPerCoupling) * padded + site);
  statistics[at] = found;
  statistics[at + 1u] = vec4f(maximum, linear, 0.0, 0.0);
}
