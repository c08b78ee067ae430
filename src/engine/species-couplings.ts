/** Couplings between species on an executor: Gaussian ones of unit strength, then scaled and shifted pair by pair. */
import type { RandomCouplings, SpeciesCouplings } from "../physics/couplings.js";
import type { BatchLayout, CouplingBlock } from "./batch.js";
import type { Executor, Slot } from "./executor.js";
import { RandomCouplingSource } from "./random-couplings.js";

/** The A_ij/√N behind the couplings of species, with their symmetry. */
export function unitCouplings({ symmetry, seed, sample }: SpeciesCouplings): RandomCouplings {
  return { kind: "random", law: "gaussian", mean: 0, std: 1, symmetry, seed, sample };
}

/** mean_ab/N and std_ab, and the species of every site, of one matrix. */
export function speciesArrays({ means, deviations, speciesOf }: SpeciesCouplings, sites: number) {
  return { means: means.map((mean) => mean / sites), deviations, speciesOf };
}

/** Records rows of J. */
export function speciesRows(
  executor: Executor,
  layout: BatchLayout,
  own: (slot: Slot) => Slot,
): (block: CouplingBlock) => void {
  const { matrices, sites, paddedSites } = layout;
  const all = layout.batch.couplings as readonly SpeciesCouplings[];
  const source = new RandomCouplingSource(executor, layout, all.map(unitCouplings), own);
  const each = all.map((couplings) => speciesArrays(couplings, sites));
  const packed = new Uint32Array(matrices * paddedSites);
  each.forEach(({ speciesOf }, matrix) => packed.set(speciesOf, matrix * paddedSites));
  const joined = (key: "means" | "deviations") => Float64Array.from(each.flatMap((arrays) => [...arrays[key]]));
  const arrays = {
    speciesOf: own(executor.upload("species", packed)),
    means: own(executor.upload("means", joined("means"))),
    deviations: own(executor.upload("deviations", joined("deviations"))),
  };
  const species = Math.sqrt(all[0].means.length);
  return (block) => {
    const { rowStart, rowCount, couplings } = block;
    source.fill(block);
    executor.run({
      kernel: "species-couplings",
      arrays: { ...arrays, couplings },
      params: { couplings: matrices, rowStart, rowCount, columns: sites, species },
      constants: { INDEPENDENT: all[0].symmetry === 0 },
    });
  };
}
