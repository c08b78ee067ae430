// The sums that the threads carry of the rows of a workgroup through one online softmax, from scores in workgroup memory.
// Equations 3.2-3.5. Thread `lane` has the rows row_place(r, lane), and of their keys the quads quad_place(x, lane): all
// threads of a row share M, their other sums are of their own keys until the end. The importer declares what
// lib/matrix-operands.wgsl wants, MASK, MOMENTS, STATISTICS, FROZEN, MASKED, and the arrays available and weights.

const ROW_LANES: u32 = WORKGROUP_SIZE / COLUMN_LANES;
const ROWS_A_THREAD: u32 = ROWS / ROW_LANES;
const ROW_QUADS: u32 = (ROWS_A_THREAD + 3u) / 4u;
const QUADS_A_THREAD: u32 = KEYS / 4u / COLUMN_LANES;
const LOG2_E: f32 = 1.4426950408889634;

/// How far a score may exceed M, and what P is multiplied by as an operand: exp(LIMIT) WEIGHT_SCALE stays below 2^16, and
/// the low part of a weight that matters is a normal number.
const LIMIT: f32 = select(8.0, 3.0, SPLIT);
const WEIGHT_SCALE: f32 = select(16.0, 2048.0, SPLIT);

alias OfRows = array<f32, ROWS_A_THREAD>;
alias OfKeys = array<vec4f, QUADS_A_THREAD * ROWS_A_THREAD>;    // [quad of keys][row]

struct RowSums {
  shift: array<i32, ROWS_A_THREAD>,  // the power of two that the query is multiplied by
  maximum: OfRows,                   // M
  above: OfRows,                     // the largest S - M since M last grew
  linear: OfRows,                    // Z = Σ p
  shifted: OfRows,                   // E = Σ p (S - M)
  square: OfRows,                    // Y = Σ p²
  counted: OfRows,                   // available keys, counted if MASK is 2
  first: OfRows,                     // W = Σ p² w_j of the first weight
  second: OfRows,                    // and of the second
}

/// The keys at hand.
struct Tile {
  first_row: u32,
  first_key: u32,
  end: u32,                          // keys from here on are of another split, or none
  masked: bool,                      // some key may be masked for some row
  shift: i32,                        // the power of two that the keys are multiplied by
}

/// What becomes of the F of a row that leaves the matrices.
struct Settling {
  raised: array<bool, ROWS_A_THREAD>,
  rescale: OfRows,                 // c of the rows that are raised, 1 of others
  unit: f32,                       // what the matrices hold times this is F
  growth: f32,                     // of the unit of the rows that are not raised, inverted
}

fn row_place(r: u32, lane: u32) -> u32 {
  return r * ROW_LANES + lane / COLUMN_LANES;
}

fn quad_place(x: u32, lane: u32) -> u32 {
  return x * COLUMN_LANES + lane % COLUMN_LANES;
}

fn available_to(row: u32, column: u32) -> bool {
  return available[min(row, params.rows - 1u) * params.columns + min(column, params.columns - 1u)] != 0.0;
}

/// S - base of four keys of a row.
fn scores(tile: ptr<function, Tile>, shift: i32, base: f32, r: u32, x: u32, lane: u32) -> vec4f {
  let quad = quad_place(x, lane);
  let scale = vec4f(power_of_two(-(shift + (*tile).shift)));
  let s = fma(products[row_place(r, lane) * SCORE_STRIDE + quad], scale, vec4f(-base));
  if (!(*tile).masked) { return s; }
  let row = (*tile).first_row + row_place(r, lane);
  let column = vec4u((*tile).first_key + 4u * quad) + vec4u(0u, 1u, 2u, 3u);
  var taken = column < vec4u((*tile).end);
  if (MASK == 1u) { taken = taken & (column <= vec4u(row)); }
  if (MASK == 2u) {
    taken = taken & vec4<bool>(
      available_to(row, column.x),
      available_to(row, column.y),
      available_to(row, column.z),
      available_to(row, column.w),
    );
  }
  return select(vec4f(MASKED), s, taken);
}

fn largest_score(quad: vec4f) -> f32 {
  return max(max(quad.x, quad.y), max(quad.z, quad.w));
}

/// S - M and p = exp(S - M) of a thread's keys, and p for the matrices. True if a score exceeds its M by more than LIMIT;
/// then nothing of this holds.
fn weigh_keys(
  shifted: ptr<function, OfKeys>,
  weight: ptr<function, OfKeys>,
  rows: ptr<function, RowSums>,
  tile: ptr<function, Tile>,
  lane: u32,
) -> bool {
  var exceeds = false;
  // @unroll
  for (var x = 0u; x < QUADS_A_THREAD; x++) {
    // @unroll
    for (var r = 0u; r < ROWS_A_THREAD; r++) {
      var s = scores(tile, (*rows).shift[r], (*rows).maximum[r], r, x, lane);
      if (FROZEN) {
        // M may come from a strategy that rounds otherwise.
        s = min(s, vec4f(LIMIT));
      } else {
        exceeds = exceeds || largest_score(s) > LIMIT;
      }
      var p = exp2(s * LOG2_E);
      if ((*tile).masked) { p = select(vec4f(), p, s > vec4f(MASKED)); }
      (*shifted)[x * ROWS_A_THREAD + r] = s;
      (*weight)[x * ROWS_A_THREAD + r] = p;
      let place = WEIGHTS_AT + row_place(r, lane) * WEIGHT_STRIDE + quad_place(x, lane);
      stage(place, ROWS * WEIGHT_STRIDE, WEIGHT_SCALE * p);
    }
  }
  return exceeds;
}

/// Adds up all that needs no matrices.
fn add_weights(
  rows: ptr<function, RowSums>,
  shifted: ptr<function, OfKeys>,
  weight: ptr<function, OfKeys>,
  system: u32,
  first_key: u32,
  lane: u32,
) {
  let stride = padded(params.columns);
  // @unroll
  for (var x = 0u; x < QUADS_A_THREAD; x++) {
    let column = min(vec4u(first_key + 4u * quad_place(x, lane)) + vec4u(0u, 1u, 2u, 3u), vec4u(stride - 1u));
    let base = vec4u(system * params.weightKinds * stride) + column;
    var first: vec4f;
    var second: vec4f;
    if (MOMENTS > 0u) { first = vec4f(weights[base.x], weights[base.y], weights[base.z], weights[base.w]); }
    if (MOMENTS > 1u) {
      let next = base + vec4u(stride);
      second = vec4f(weights[next.x], weights[next.y], weights[next.z], weights[next.w]);
    }
    // @unroll
    for (var r = 0u; r < ROWS_A_THREAD; r++) {
      let s = (*shifted)[x * ROWS_A_THREAD + r];
      let p = (*weight)[x * ROWS_A_THREAD + r];
      let square = p * p;
      if (!FROZEN) {
        (*rows).above[r] = max((*rows).above[r], largest_score(s));
        (*rows).linear[r] += p.x + p.y + p.z + p.w;
        if (STATISTICS) {
          (*rows).shifted[r] += dot(p, s);
          (*rows).square[r] += square.x + square.y + square.z + square.w;
        }
        if (MASK == 2u) { (*rows).counted[r] += dot(select(vec4f(), vec4f(1.0), s > vec4f(MASKED)), vec4f(1.0)); }
      }
      if (MOMENTS > 0u) { (*rows).first[r] += dot(square, first); }
      if (MOMENTS > 1u) { (*rows).second[r] += dot(square, second); }
    }
  }
}

/// What a thread has of its rows, to the other threads of these rows, by way of `products`.
fn share(own: OfRows, lane: u32) {
  workgroupBarrier();
  // @unroll
  for (var r = 0u; r < ROWS_A_THREAD; r++) { products[lane * ROW_QUADS + r / 4u][r % 4u] = own[r]; }
  workgroupBarrier();
}

fn shared_by(other: u32, r: u32, lane: u32) -> f32 {
  return products[(lane / COLUMN_LANES * COLUMN_LANES + other) * ROW_QUADS + r / 4u][r % 4u];
}

/// The largest of what the threads of a row have.
fn largest_of_lanes(own: OfRows, lane: u32) -> OfRows {
  share(own, lane);
  var largest = own;
  for (var other = 0u; other < opaque(COLUMN_LANES); other++) {
    // @unroll
    for (var r = 0u; r < ROWS_A_THREAD; r++) { largest[r] = max(largest[r], shared_by(other, r, lane)); }
  }
  return largest;
}

/// Brings the sums of a row from M onto another M, and tells c.
fn rescale_row(rows: ptr<function, RowSums>, r: u32, maximum: f32) -> f32 {
  let drop = (*rows).maximum[r] - maximum;
  let c = exp2(drop * LOG2_E);
  (*rows).maximum[r] = maximum;
  (*rows).above[r] = MASKED;
  if (STATISTICS) {
    (*rows).shifted[r] = c * fma(drop, (*rows).linear[r], (*rows).shifted[r]);
    (*rows).square[r] *= c * c;
  }
  (*rows).linear[r] *= c;
  (*rows).first[r] *= c * c;
  (*rows).second[r] *= c * c;
  return c;
}

/// Raises M to the largest score of the tile in those rows where that exceeds M by more than LIMIT. S is lost.
fn raise_maxima(
  settling: ptr<function, Settling>,
  rows: ptr<function, RowSums>,
  tile: ptr<function, Tile>,
  lane: u32,
) {
  var largest: OfRows;
  // @unroll
  for (var r = 0u; r < ROWS_A_THREAD; r++) {
    largest[r] = MASKED;
    // @unroll
    for (var x = 0u; x < QUADS_A_THREAD; x++) {
      largest[r] = max(largest[r], largest_score(scores(tile, (*rows).shift[r], 0.0, r, x, lane)));
    }
  }
  largest = largest_of_lanes(largest, lane);
  // @unroll
  for (var r = 0u; r < ROWS_A_THREAD; r++) {
    (*settling).raised[r] = largest[r] - (*rows).maximum[r] > LIMIT;
    if ((*settling).raised[r]) { (*settling).rescale[r] = rescale_row(rows, r, largest[r]); }
  }
}
