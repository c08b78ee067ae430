// Counts that every kernel of attention takes of `params`, which the importer declares.

/// A count filled up to whole quads.
fn padded(count: u32) -> u32 {
  return 4u * ((count + 3u) / 4u);
}

/// A count that the compiler does not know. Loops over it stay loops: with those that load and store unrolled, Mesa took
/// 4.6 s for a kernel of 16 rows, and 1.1 s so (lavapipe 25.0.7, 2026-11-22).
fn opaque(count: u32) -> u32 {
  return count * min(1u, params.systems);
}
