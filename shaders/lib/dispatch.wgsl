// dispatch.wgsl — the linear index of a workgroup, k = y X + x, that the host folded into X x Y workgroups.
// The fold may start a few workgroups more than were asked for: every kernel checks its bounds.
fn linear_workgroup(workgroup: vec3u, workgroups: vec3u) -> u32 {
  return workgroup.y * workgroups.x + workgroup.x;
}
