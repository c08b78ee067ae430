// copy: target ← source, the bytes that an adapter can stream through a kernel.

const WORKGROUP_SIZE: u32 = 256u;
const QUADS_PER_THREAD: u32 = 8u;

struct Params {
  quads: u32,                      // vec4 in each array
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> destination: array<vec4f>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = workgroup.x * WORKGROUP_SIZE * QUADS_PER_THREAD + lane;
  for (var k = 0u; k < QUADS_PER_THREAD; k++) {
    let quad = first + k * WORKGROUP_SIZE;
    if (quad < params.quads) { destination[quad] = source[quad]; }
  }
}
