/**
 * Waiting for a software adapter. Dawn's Node.js bindings poll the device in every turn of the event loop, so a process
 * that waits keeps a processor busy that the driver computes on: half of the machine where there are two (lavapipe,
 * 2 processors: 22 ms for a kernel that takes 12 so, 2026-11-22).
 */
const SHORTEST_NAP_MS = 0.02;
const LONGEST_NAP_MS = 0.5;

/** Waits with a nap in every turn of the event loop; whatever else the process does gets its turn in between. */
export async function patiently<Result>(promise: Promise<Result>): Promise<Result> {
  let settled = false;
  const settle = () => (settled = true);
  promise.then(settle, settle);
  const bed = new Int32Array(new SharedArrayBuffer(4));
  for (let nap = SHORTEST_NAP_MS; !settled; nap = Math.min(LONGEST_NAP_MS, 1.2 * nap)) {
    Atomics.wait(bed, 0, 0, nap);
    await new Promise((resume) => setImmediate(resume));
  }
  return promise;
}
