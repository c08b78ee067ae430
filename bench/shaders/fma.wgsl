// fma: x ← a x + b in registers, the multiply-adds that an adapter can do in f32.
//
// 2026-11-22, 2-core x86-64: of 1, 2, 3, 4 and 8 vec4 chains with 4, 16 and 32 rounds between two loop tests, this was the
// fastest on lavapipe or within 10 % of it, and on SwiftShader within 20 %; more chains spill registers there.

const WORKGROUP_SIZE: u32 = 256u;

struct Params {
  iterations: u32,                 // of 16 rounds of 2 vec4: 256 operations a thread
  a: f32,                          // unknown to the compiler; |a| < 1 keeps x in range
  b: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let a = vec4f(params.a);
  let b = vec4f(params.b);
  var x = vec4f(f32(thread.x));
  var y = vec4f(f32(thread.x) + 1.0);
  for (var iteration = 0u; iteration < params.iterations; iteration++) {
    x = fma(x, a, b); y = fma(y, a, b); x = fma(x, a, b); y = fma(y, a, b);
    x = fma(x, a, b); y = fma(y, a, b); x = fma(x, a, b); y = fma(y, a, b);
    x = fma(x, a, b); y = fma(y, a, b); x = fma(x, a, b); y = fma(y, a, b);
    x = fma(x, a, b); y = fma(y, a, b); x = fma(x, a, b); y = fma(y, a, b);
    x = fma(x, a, b); y = fma(y, a, b); x = fma(x, a, b); y = fma(y, a, b);
    x = fma(x, a, b); y = fma(y, a, b); x = fma(x, a, b); y = fma(y, a, b);
    x = fma(x, a, b); y = fma(y, a, b); x = fma(x, a, b); y = fma(y, a, b);
    x = fma(x, a, b); y = fma(y, a, b); x = fma(x, a, b); y = fma(y, a, b);
  }
  let sum = x + y;
  sums[thread.x] = sum.x + sum.y + sum.z + sum.w;
}
