// philox: counter-based random words, Philox4x32 with ten rounds (Salmon, Moraes, Dror & Shaw, SC11, 2011).
// One call turns a 128-bit counter and a 64-bit key into four independent 32-bit words; there is no state.
// Integers only, so every adapter and the float64 twin (src/reference/philox.ts) produce the same bits. What the
// counter's words mean is a format, COUNTER_LAYOUT in that file.

const PHILOX_MULTIPLIERS = vec2u(0xD2511F53u, 0xCD9E8D57u);
const PHILOX_KEY_STEPS = vec2u(0x9E3779B9u, 0xBB67AE85u);

/// The high 32 bits of a * b by 16-bit halves: WGSL has no 64-bit integers. No partial sum exceeds 2^32 - 1.
fn multiply_high(a: vec2u, b: vec2u) -> vec2u {
  let a_low = a & vec2u(0xFFFFu);
  let a_high = a >> vec2u(16u);
  let b_low = b & vec2u(0xFFFFu);
  let b_high = b >> vec2u(16u);
  let middle = a_high * b_low + ((a_low * b_low) >> vec2u(16u));
  let carry = a_low * b_high + (middle & vec2u(0xFFFFu));
  return a_high * b_high + (middle >> vec2u(16u)) + (carry >> vec2u(16u));
}

fn philox4x32(counter: vec4u, key: vec2u) -> vec4u {
  var words = counter;
  var round_key = key;
  for (var round = 0u; round < 10u; round++) {
    let high = multiply_high(words.xz, PHILOX_MULTIPLIERS);
    let low = words.xz * PHILOX_MULTIPLIERS;
    words = vec4u(high.y ^ words.y ^ round_key.x, low.y, high.x ^ words.w ^ round_key.y, low.x);
    round_key += PHILOX_KEY_STEPS;
  }
  return words;
}

/// The words of four counters that differ in their second word: words[k] is word k of each of them. Four chains of
/// multiplications side by side keep a GPU busy where one waits for itself.
fn philox4x32_rows(block: u32, rows: vec4u, stream: u32, sample: u32, key: vec2u) -> array<vec4u, 4> {
  var word0 = vec4u(block);
  var word1 = rows;
  var word2 = vec4u(stream);
  var word3 = vec4u(sample);
  var round_key = key;
  for (var round = 0u; round < 10u; round++) {
    let low0 = word0 * PHILOX_MULTIPLIERS.x;
    let low2 = word2 * PHILOX_MULTIPLIERS.y;
    let high0 = vec4u(
      multiply_high(word0.xy, PHILOX_MULTIPLIERS.xx),
      multiply_high(word0.zw, PHILOX_MULTIPLIERS.xx),
    );
    let high2 = vec4u(
      multiply_high(word2.xy, PHILOX_MULTIPLIERS.yy),
      multiply_high(word2.zw, PHILOX_MULTIPLIERS.yy),
    );
    word0 = high2 ^ word1 ^ vec4u(round_key.x);
    word1 = low2;
    word2 = high0 ^ word3 ^ vec4u(round_key.y);
    word3 = low0;
    round_key += PHILOX_KEY_STEPS;
  }
  return array<vec4u, 4>(word0, word1, word2, word3);
}

/// A word as a number in the open interval (0, 1): (top 23 bits + 1/2) / 2^23. With 23 bits the half is exact in f32;
/// with 24 it would round, and the largest word would give 1.
fn open_uniform(word: u32) -> f32 {
  return (f32(word >> 9u) + 0.5) * 0x1p-23f;
}
