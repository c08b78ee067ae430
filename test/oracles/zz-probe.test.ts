import { it } from "vitest";
import { run, norms } from "./engines.js";
it("probe", async () => {
  for (const [N, d, scale, beta, norm] of [[512, 8, 1, 2.2, 0.1],[512, 8, 1.5, 2.2, 0.1],[512, 8, 2, 2.2, 0.1],[512, 8, 2, 2.5, 0.1],[512, 8, 3, 2.2, 0.1],[512,16,2,2.2,0.01],[512,32,1,2.3,0.05]] as const) {
    const sys = { spins: { kind: "sphere", dimension: 8, response: "large-d", count: N }, beta,
      couplings: { kind: "attention", queries: { kind: "gaussian" }, keys: { kind: "gaussian" }, dimension: d, scale },
      initial: { kind: "direction", norm }, seed: 3 };
    const r = await run("f32", sys, { closure: "naive", run: { steady: {} }, observe: ["participation"] });
    const t = await run("f32", sys, { closure: "naive", run: { steps: 400 }});
    console.log("P", N, d, scale, beta, norm, r.observables.participation! , r.status, r.residual.toExponential(1), r.iterations, "min/max norm", Math.min(...norms(r.state, 8)).toExponential(2), Math.max(...norms(r.state,8)), "plain", Math.min(...norms(t.state, 8)), Math.sqrt(3*(1-2/beta)));
  }
});
