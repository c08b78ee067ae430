/**
 * Systems of any size whose steps are checked row by row: `test/verify/step-cases.test.ts` does so at small sizes, and
 * benchmarks measure them at their own. A new one is one more row.
 */
import { realise, type System } from "../src/engine/realise.js";
import type { CouplingStrategy } from "../src/engine/coupling-strategy.js";
import type { ClosureName } from "../src/physics/closures.js";
import { parseSystem } from "../src/physics/system.js";

export interface StepCase {
  readonly closures: readonly ClosureName[];
  readonly strategy: CouplingStrategy;
  /** `sites` spins of `dimension` components. */
  readonly system: (sites: number, dimension: number) => Readonly<Record<string, unknown>>;
}

const binaryGaussian = (sites: number) => ({
  spins: { kind: "binary", count: sites },
  couplings: { kind: "gaussian", mean: 1, std: 0.5 },
  initial: { kind: "uniform", halfWidth: 0.9 },
});

export const stepCases = {
  "binary gaussian": { closures: ["naive", "tap"], strategy: "auto", system: binaryGaussian },
  "procedural gaussian": { closures: ["tap"], strategy: "procedural", system: binaryGaussian },
  "sphere attention": {
    closures: ["naive", "onsager"],
    strategy: "auto",
    system: (sites, dimension) => ({
      spins: { kind: "sphere", count: sites, dimension },
      couplings: {
        kind: "attention",
        queries: { kind: "gaussian" },
        keys: { kind: "gaussian" },
        scale: 1 / Math.sqrt(dimension),
      },
      initial: { kind: "direction", norm: 0.5 },
    }),
  },
} as const satisfies Record<string, StepCase>;

export type StepCaseName = keyof typeof stepCases;

export function drawStepCase(name: StepCaseName, sites: number, dimension: number): Promise<System> {
  const each: StepCase = stepCases[name];
  const noFiles = () => Promise.reject(new Error(`${name} has no files`));
  return realise(parseSystem(each.system(sites, dimension), name), noFiles, name);
}
