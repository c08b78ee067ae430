import { it } from "vitest";
import { run } from "./engines.js";
it("probe", async () => {
  for (const p of ["f64","f32"] as const)
  for (const damping of [1, 0.5]) {
    const sys = { spins: { kind: "binary", count: 16 }, beta: 2, couplings: { kind: "curie-weiss", mean: -1 }, initial: { kind: "constant", value: 1 } };
    const r = await run(p, sys, { closure: "naive", run: { steady: { damping } } });
    console.log(p, damping, r.status, r.residual, r.iterations, r.state[0]);
  }
});
