/** The library: `import { openExecutor, parseSystem, realise, simulate } from "onsager"`. */
export {
  cluster,
  type ClusteringDynamics,
  type ClusteringOptions,
  type ClusteringResult,
  type TokenCloud,
} from "./engine/clustering.js";
export { continueCouplings, realiseClouds, type ContinuationPoint, type TokenClouds } from "./engine/token-clouds.js";
export { parseClouds, type CloudDescription } from "./physics/token-clouds.js";
export {
  noisyAttentionTransition,
  orderedBranch,
  orderedLaw,
  type NoisyAttentionTransition,
} from "./physics/theory/noisy-attention-order.js";
export { realiseSpinTransformer, runSpinTransformer, type LayerResult } from "./engine/spin-transformer.js";
export { parseSpinTransformer } from "./physics/spin-transformer.js";
export { batchOf, type BatchPoint, type SystemBatch } from "./engine/batch.js";
export { listAdapters, openExecutor, type AdapterReport, type DeviceOptions } from "./engine/devices.js";
export type { DeviceDescription, Executor } from "./engine/executor.js";
export type { LoadArray } from "./engine/array-inputs.js";
export { realise, type System } from "./engine/realise.js";
export { monteCarlo, type ChainOptions, type MonteCarloOptions } from "./engine/monte-carlo.js";
export type { MonteCarloResult } from "./engine/chain-results.js";
export { type Correlations, simulate, type PointResult, type SimulationOptions } from "./engine/simulate.js";
export type { Status, SteadyOptions } from "./engine/steady-state.js";
export { closures, closureNames, type ClosureName } from "./physics/closures.js";
export { observables, observableNames, type ObservableName } from "./physics/observables.js";
export { plefkaFreeEnergy } from "./physics/free-energy.js";
export { collapse, collapseQuality, type CollapseResult } from "./physics/finite-size-scaling/collapse.js";
export { crossings, type CrossingAnalysis, type PairCrossing } from "./physics/finite-size-scaling/crossings.js";
export type { Estimate, ScalingCurve, ScalingPoint } from "./physics/finite-size-scaling/curves.js";
export { rescale, type ScalingForm } from "./physics/finite-size-scaling/scaling-form.js";
export type { SizeTrend } from "./physics/finite-size-scaling/size-trend.js";
export {
  curveOfSamples,
  jackknifeOfSamples,
  type SampledPoint,
  type SampleEstimate,
} from "./physics/disorder-averages.js";
export { InputError } from "./physics/input-error.js";
export {
  evaluateTheory,
  theories,
  theoryNames,
  type TheoryEvaluation,
  type TheoryName,
} from "./physics/theory/theories.js";
export { inferCouplings, type InverseMethod, type StationaryMoments } from "./reference/inverse-problem.js";
export { verifyStep, type VerificationReport } from "./verify/verify-step.js";
export { parseSystem, type SystemDescription, type SystemInput } from "./physics/system.js";
export { measureRemoval, withoutPart, type Removal, type RemovalResponse } from "./engine/removal.js";
export { memoryLogPartition, realiseMemory, retrieve, type Memory, type RetrievalResult } from "./engine/retrieval.js";
export { parseMemory, type MemoryDescription } from "./physics/memory.js";
