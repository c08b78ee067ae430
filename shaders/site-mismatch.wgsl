// site-mismatch: KL(a || b) of the laws p(s) ~ exp(β s·h) of a site in the fields h_a = x + field and h_b = x + target:
//   KL = β ∫_{h_a}^{h_b} (h_b - h) f'(h) dh + β f(h_a) h_b (1 - n_a · n_b),   h = |h| n, f = |F| of the single-site response
// Both terms are positive, so that nothing cancels where the laws are close; integrated by parts it is
// ln z(h_b) - ln z(h_a) + β F(h_a) · (h_a - h_b). Equations 11.8; Bal 2026, eqs 24, 33, 36, 39. Twin: src/reference/site-mismatch.ts
// @import lib/dispatch.wgsl
// @import lib/hyperbolic.wgsl
// @import lib/responses.wgsl
// @import lib/quadrature.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const BINARY: bool = false;
const RESPONSE: u32 = 0u;          // 0 large-d, 1 exact

struct Params {
  systems: u32,
  sites: u32,
  components: u32,
  componentStride: u32,            // pad(D), or 1 for binary spins
  radius: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> externalField: array<f32>;     // [system][pad(N)][componentStride] x
@group(0) @binding(2) var<storage, read> field: array<f32>;             // the same, J m of the state
@group(0) @binding(3) var<storage, read> targetField: array<f32>;       // the same, J m of the fixed point
@group(0) @binding(4) var<storage, read> betas: array<f32>;             // [system][pad(N)] β
@group(0) @binding(5) var<storage, read_write> mismatch: array<f32>;    // [system][pad(N)]

/// f'(h)
fn slope(h: f32, beta: f32) -> f32 {
  if (BINARY) { return beta * binary_variance(beta * h); }
  return response_derivatives(h, beta, params.radius, f32(params.components)).f1;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let padded = 4u * ((params.sites + 3u) / 4u);
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.systems * padded) { return; }
  if (index % padded >= params.sites) {
    mismatch[index] = 0.0;
    return;
  }
  let base = index * params.componentStride;
  let beta = betas[index];
  var square_a = 0.0;
  var square_b = 0.0;
  for (var k = 0u; k < params.components; k++) {
    let a = externalField[base + k] + field[base + k];
    let b = externalField[base + k] + targetField[base + k];
    square_a += a * a;
    square_b += b * b;
  }
  let size_a = sqrt(square_a);
  let size_b = sqrt(square_b);
  var turned = 0.0;                // |n_a - n_b|² = 2 (1 - n_a · n_b)
  if (size_a > 0.0 && size_b > 0.0) {
    for (var k = 0u; k < params.components; k++) {
      let a = (externalField[base + k] + field[base + k]) / size_a;
      let b = (externalField[base + k] + targetField[base + k]) / size_b;
      turned += (a - b) * (a - b);
    }
  }
  let change = size_b - size_a;
  var sum = 0.0;
  for (var k = 0u; k < QUADRATURE_PAIRS; k++) {
    let node = QUADRATURE[k];
    let late = 0.5 * (1.0 + node.x);
    let early = 0.5 * (1.0 - node.x);
    sum += node.y * (early * slope(size_a + late * change, beta) + late * slope(size_a + early * change, beta));
  }
  var mean = 0.0;
  if (BINARY) {
    mean = binary_mean(beta * size_a);
  } else {
    mean = size_a * response_gain(size_a, beta, params.radius, f32(params.components));
  }
  mismatch[index] = beta * (change * change * sum + 0.5 * mean * size_b * turned);
}
