// Products of ROWS rows with ROWS keys by one workgroup, in registers from workgroup memory, no subgroup operations.
//
// Thread (y, x) = (lane / KEY_THREADS, lane % KEY_THREADS) has the rows y, y + ROW_THREADS, … and the keys x,
// x + KEY_THREADS, …: GROUPS × KEYS products. Vectors pass by DEPTH quads at a time, staged as [quad][row, then key], so
// that neighbouring threads read neighbouring quads. The importer declares ROWS, ROW_THREADS, KEY_THREADS and DEPTH, and
// puts a barrier before and after staging.
// @import lib/attention-masks.wgsl

const THREADS: u32 = ROW_THREADS * KEY_THREADS;
const GROUPS: u32 = ROWS / ROW_THREADS;            // rows of a thread
const KEYS: u32 = ROWS / KEY_THREADS;              // keys of a thread

var<workgroup> staged: array<vec4f, 2u * ROWS * DEPTH>;

/// `count` quads from `first_quad` of the queries and keys of a tile. Rows and keys past the end repeat the last one; what
/// comes of them is masked or not written.
fn stage_scores(coupling: u32, first_row: u32, first_key: u32, first_quad: u32, count: u32, lane: u32) {
  let quads = (params.dimension + 3u) / 4u;
  let query_base = coupling * padded(params.rows);
  let key_base = coupling * padded(params.columns);
  for (var slot = lane; slot < 2u * ROWS * count; slot += THREADS) {
    let place = slot % (2u * ROWS);
    let quad = first_quad + slot / (2u * ROWS);
    if (place < ROWS) {
      staged[slot] = queries[(query_base + min(first_row + place, params.rows - 1u)) * quads + quad];
    } else {
      staged[slot] = keys[(key_base + min(first_key + place - ROWS, params.columns - 1u)) * quads + quad];
    }
  }
}

fn clear_products(product: ptr<function, OfKeys>) {
  // @unroll
  for (var slot = 0u; slot < KEYS * GROUPS; slot++) { (*product)[slot] = 0.0; }
}

/// Adds the first `count` quads that are staged to the products of a thread.
fn multiply(product: ptr<function, OfKeys>, count: u32, row_lane: u32, key_lane: u32) {
  for (var quad = 0u; quad < opaque(count); quad++) {
    let rows_at = quad * 2u * ROWS + row_lane;
    let keys_at = quad * 2u * ROWS + ROWS + key_lane;
    var key: array<vec4f, KEYS>;
    // @unroll
    for (var k = 0u; k < KEYS; k++) { key[k] = staged[keys_at + k * KEY_THREADS]; }
    // @unroll
    for (var group = 0u; group < GROUPS; group++) {
      let q = staged[rows_at + group * ROW_THREADS];
      // @unroll
      for (var k = 0u; k < KEYS; k++) {
        let sum = fma(q.y, key[k].y, fma(q.x, key[k].x, (*product)[k * GROUPS + group]));
        (*product)[k * GROUPS + group] = fma(q.w, key[k].w, fma(q.z, key[k].z, sum));
      }
    }
  }
}
