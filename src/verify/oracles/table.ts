/** All oracles, in the order in which they are run: scalars and rows first, large N last. */
import type { Executor } from "../../engine/executor.js";
import { attentionRowOracles } from "./attention-rows.js";
import { type Oracle, OracleBench, type OracleCheck, type OracleSize } from "./bench.js";
import { binaryClosureOracles } from "./binary-closures.js";
import { closureSurveyOracles } from "./closure-survey.js";
import { clusteringOracles } from "./clustering.js";
import { disorderOracles } from "./disorder.js";
import { entropyProductionOracles } from "./entropy-production.js";
import { meanFieldCurveOracles } from "./mean-field-curves.js";
import { largeSystemOracles } from "./large-systems.js";
import { measuredOracles } from "./measured.js";
import { memoryOracles } from "./memories.js";
import { orderOracles } from "./order-of-accuracy.js";
import { publishedNumberOracles } from "./published-numbers.js";
import { randomVectorOracles } from "./random-vectors.js";
import { noisyAttentionOracles } from "./noisy-attention.js";
import { rowStochasticOracles } from "./row-stochastic.js";
import { samplingOracles } from "./sampling.js";
import { scalarOracles } from "./scalars.js";
import { solverHonestyOracles } from "./solver-honesty.js";
import { sphereClosureOracles } from "./sphere-closures.js";
import { sphereSecondOrderOracles } from "./sphere-second-order.js";
import { spinTransformerOracles } from "./spin-transformers.js";
import { symmetricSkOracles } from "./symmetric-sk.js";
import { twoSiteOracles } from "./two-sites.js";

const byId = (one: Oracle, other: Oracle) => one.id.localeCompare(other.id, "en", { numeric: true });

export const oracles: readonly Oracle[] = [
  ...spinTransformerOracles,
  ...attentionRowOracles,
  ...binaryClosureOracles,
  ...solverHonestyOracles,
  ...sphereClosureOracles,
  ...sphereSecondOrderOracles,
  ...orderOracles,
  ...publishedNumberOracles,
  ...randomVectorOracles,
  ...rowStochasticOracles,
  ...twoSiteOracles,
  ...entropyProductionOracles,
  ...meanFieldCurveOracles,
  ...symmetricSkOracles,
  ...clusteringOracles,
  ...closureSurveyOracles,
  ...disorderOracles,
  ...largeSystemOracles,
  ...measuredOracles,
  ...memoryOracles,
  ...noisyAttentionOracles,
  ...samplingOracles,
  ...scalarOracles,
].sort(byId);

/** Oracles whose id, or its letter, is the name: "B4", "B", "H2" for H2a and H2b. */
export function oraclesNamed(name: string): readonly Oracle[] {
  const wanted = name.toUpperCase();
  return oracles.filter(({ id }) => {
    const rest = id.toUpperCase().startsWith(wanted) ? id.slice(wanted.length) : undefined;
    return rest !== undefined && (rest === "" || /^[A-Z]$/.test(wanted) || !/^\d/.test(rest));
  });
}

/**
 * Runs one oracle.
 * @param executor the device under test
 * @param float64 the CPU engine, for what shows in float64 only
 */
export async function runOracle(
  oracle: Oracle,
  executor: Executor,
  float64: Executor,
  size: OracleSize,
): Promise<readonly OracleCheck[]> {
  const bench = new OracleBench(oracle.float64Only ? float64 : executor, size, oracle.id);
  await oracle.run(bench);
  return bench.checks;
}
