// softmax: J_ij = exp(S_ij - M_i) / Z_i over the available keys of a row, with the row's
// log-sum-exp M + ln Z, entropy ln Z - E/Z (nats), participation Y2 = Σ_j J_ij², and count of available keys.
// Equations 3.2-3.5. A row without keys gives J = 0 and zero statistics. Twin: src/reference/softmax.ts
//
// One workgroup a row. Every lane carries an online (M, Z, E, Y) over its share of the keys; the shares merge in a tree.
// The three classes of sums rescale differently when the maximum grows by c = exp(M_old - M_new):
// Z by c, E by c (E + (M_old - M_new) Z), Y by c².
// @import lib/dispatch.wgsl
// @import lib/exponential.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const MASKED: f32 = -1e30;

struct Params {
  couplings: u32,
  rows: u32,
  rowStart: u32,
  rowCount: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;            // [coupling][rowCount][pad(columns)]
@group(0) @binding(2) var<storage, read_write> couplings: array<f32>;   // [coupling][rowCount][pad(columns)]
@group(0) @binding(3) var<storage, read_write> statistics: array<vec4f>; // [coupling][pad(rows)]

struct RowSums {
  maximum: f32,
  linear: f32,        // Z = Σ exp(S - M)
  shifted: f32,       // E = Σ exp(S - M) (S - M)
  square: f32,        // Y = Σ exp(S - M)²
  keys: f32,          // available keys
}

fn empty_sums() -> RowSums {
  return RowSums(MASKED, 0.0, 0.0, 0.0, 0.0);
}

/// Both sets of sums over one row, on the larger of the two maxima.
fn merge(a: RowSums, b: RowSums) -> RowSums {
  if (b.keys == 0.0) { return a; }
  if (a.keys == 0.0) { return b; }
  let maximum = max(a.maximum, b.maximum);
  let drop_a = a.maximum - maximum;
  let drop_b = b.maximum - maximum;
  let ca = accurate_exp(drop_a);
  let cb = accurate_exp(drop_b);
  return RowSums(
    maximum,
    ca * a.linear + cb * b.linear,
    ca * (a.shifted + drop_a * a.linear) + cb * (b.shifted + drop_b * b.linear),
    ca * ca * a.square + cb * cb * b.square,
    a.keys + b.keys,
  );
}

var<workgroup> shares: array<RowSums, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = linear_workgroup(workgroup, workgroups);
  // The whole workgroup leaves together, so the barriers below stay in uniform control flow.
  if (index >= params.couplings * params.rowCount) { return; }
  let stride = 4u * ((params.columns + 3u) / 4u);
  let base = index * stride;

  var own = empty_sums();
  for (var column = lane; column < params.columns; column += WORKGROUP_SIZE) {
    let score = scores[base + column];
    if (score <= MASKED) { continue; }
    if (own.keys == 0.0) {
      own = RowSums(score, 1.0, 0.0, 1.0, 1.0);
    } else if (score > own.maximum) {
      let drop = own.maximum - score;
      let c = accurate_exp(drop);
      own.shifted = c * (own.shifted + drop * own.linear);
      own.linear = c * own.linear + 1.0;
      own.square = c * c * own.square + 1.0;
      own.maximum = score;
      own.keys += 1.0;
    } else {
      let shift = score - own.maximum;
      let weight = accurate_exp(shift);
      own.linear += weight;
      own.shifted += weight * shift;
      own.square += weight * weight;
      own.keys += 1.0;
    }
  }
  shares[lane] = own;
  for (var half = WORKGROUP_SIZE / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { shares[lane] = merge(shares[lane], shares[lane + half]); }
  }
  workgroupBarrier();
  let row = shares[0];
  let inverse = select(0.0, 1.0 / row.linear, row.keys > 0.0);

  for (var column = lane; column < stride; column += WORKGROUP_SIZE) {
    var weight = 0.0;
    if (column < params.columns) {
      let score = scores[base + column];
      if (score > MASKED) { weight = accurate_exp(score - row.maximum) * inverse; }
    }
    couplings[base + column] = weight;
  }
  if (lane == 0u) {
    let padded_rows = 4u * ((params.rows + 3u) / 4u);
    let destination = (index / params.rowCount) * padded_rows + params.rowStart + index % params.rowCount;
    let log_sum = select(0.0, log(row.linear), row.keys > 0.0);
    statistics[destination] = vec4f(
      select(0.0, row.maximum + log_sum, row.keys > 0.0),
      log_sum - row.shifted * inverse,
      row.square * inverse * inverse,
      row.keys,
    );
  }
}
