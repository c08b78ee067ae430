import { test } from "vitest";
import { kernelCases } from "../kernel-cases.js";
import { prepare, runOnGpu, useGpu } from "./compare.js";
import { twins } from "../../src/reference/twins.js";
const gpu = useGpu();
test("t", async () => {
  for (const k of ["softmax","reduce","anderson-gram","site-distance"] as const) {
    await runOnGpu(gpu(), k, kernelCases[k][0] as any, prepare(kernelCases[k][0] as any));
    for (const c of kernelCases[k] as any[]) {
      if (!/(65537|21849|32769)/.test(c.name)) continue;
      let t = performance.now(); const p = prepare(c); const t1 = performance.now() - t;
      t = performance.now(); await runOnGpu(gpu(), k, c, p); const t2 = performance.now() - t;
      t = performance.now(); const a = Object.fromEntries(Object.entries(p).map(([n, v]) => [n, Float64Array.from(v as any)])); (twins[k] as any)(a, c.params, c.constants); const t3 = performance.now() - t;
      console.log(k, c.name.slice(0, 40), "prepare", t1.toFixed(0), "gpu", t2.toFixed(0), "twin", t3.toFixed(0));
    }
  }
});
