/**
 * The cases of every kernel: seeded inputs, shapes, constants, and what each output has to be compared by. The tests of
 * `test/kernels` run all of them; benchmarks measure those of `measuredCases`, at sizes of their own.
 *
 * A new case is one more row in the list of its kernel, in `test/kernels/cases`; its name is made of its parameters.
 */
import type { Stage, StageName } from "../src/engine/executor.js";
import * as anderson from "./kernels/cases/anderson.js";
import * as attention from "./kernels/cases/attention.js";
import * as attentionFeatures from "./kernels/cases/attention-features.js";
import * as fused from "./kernels/cases/attention-fused.js";
import * as clustering from "./kernels/cases/clustering.js";
import { attentionCouplingsCase, attentionCouplingsCases } from "./kernels/cases/attention-couplings.js";
import * as couplings from "./kernels/cases/couplings.js";
import * as fields from "./kernels/cases/fields.js";
import * as models from "./kernels/cases/models.js";
import * as observation from "./kernels/cases/observation.js";
import * as pairs from "./kernels/cases/pairs.js";
import * as procedural from "./kernels/cases/procedural.js";
import * as reductions from "./kernels/cases/reductions.js";
import * as sampling from "./kernels/cases/sampling.js";
import * as sphereTap from "./kernels/cases/sphere-tap.js";
import * as updates from "./kernels/cases/updates.js";

/** What the memory layout promises of an element after the run; "unspecified" is not looked at. */
export type Content = "value" | "zero" | "untouched" | "unspecified";

/** The size of an error that counts as one, at an element; "magnitude" is the sum of the absolute values of its terms. */
export type Unit = "magnitude" | ((index: number, expected: number) => number);

/**
 * `exact`   the twin's number rounded to f32
 * `naive`   at most twice the largest error of the plain sequential f32 evaluation, plus one unit in the last place
 * `budget`  at most `allowed` units
 */
export type Tolerance =
  | { readonly rule: "exact" }
  | { readonly rule: "naive"; readonly unit: Unit }
  | { readonly rule: "budget"; readonly allowed: number; readonly unit: Unit };

/** What is expected of an array that the kernel writes. */
interface Expectation {
  readonly content: (index: number) => Content;
  readonly tolerance: Tolerance;
}

/** An array of a case. Inputs are rounded to f32 before anyone sees them; outputs start as NaN. */
export type CaseArray =
  | { readonly role: "input"; readonly values: Float64Array | Uint32Array }
  | ({ readonly role: "output"; readonly length: number } & Expectation)
  | ({ readonly role: "in-out"; readonly values: Float64Array } & Expectation);

export interface KernelCase<K extends StageName> {
  readonly name: string;
  readonly params: Stage<K>["params"];
  readonly constants: Stage<K>["constants"];
  /** The same arrays at every call. */
  readonly arrays: () => Readonly<Record<keyof Stage<K>["arrays"], CaseArray>>;
}

/** A case whose inputs may be had without what is expected of its outputs, which costs float64 as much as the kernel. */
export interface MeasurableCase<K extends StageName> extends KernelCase<K> {
  readonly inputs: () => Readonly<Record<string, Float64Array>>;
}

export const kernelCases: { readonly [K in StageName]: readonly KernelCase<K>[] } = {
  scores: attention.scoresCases,
  softmax: attention.softmaxCases,
  "attention-field-sphere": fused.attentionFieldSphereCases,
  "attention-field-binary": fused.attentionFieldBinaryCases,
  "attention-reaction": fused.attentionReactionCases,
  "attention-couplings": attentionCouplingsCases,
  "attention-merge": fused.attentionMergeCases,
  "concatenate-heads": attention.concatenateHeadsCases,
  "query-key-transform": attentionFeatures.queryKeyTransformCases,
  "subtract-diagonal": models.subtractDiagonalCases,
  "species-couplings": models.speciesCouplingsCases,
  "random-couplings": couplings.randomCouplingsCases,
  "procedural-field-binary": procedural.proceduralFieldBinaryCases,
  "procedural-field-sphere": procedural.proceduralFieldSphereCases,
  "field-binary": fields.fieldBinaryCases,
  "field-sphere": fields.fieldSphereCases,
  "reaction-weights": fields.reactionWeightsCases,
  "moment-weights": updates.momentWeightsCases,
  "binary-update": updates.binaryUpdateCases,
  "sphere-update": updates.sphereUpdateCases,
  "binary-sample": sampling.binarySampleCases,
  "sphere-sample": sampling.sphereSampleCases,
  "sphere-tap-start": sphereTap.sphereTapStartCases,
  "sphere-tap": sphereTap.sphereTapCases,
  "clustering-field": clustering.clusteringFieldCases,
  "clustering-map": clustering.clusteringMapCases,
  "clustering-flow": clustering.clusteringFlowCases,
  "sphere-diffusion": clustering.sphereDiffusionCases,
  "matrix-product": pairs.matrixProductCases,
  "row-sums": pairs.rowSumsCases,
  "delayed-correlations": pairs.delayedCorrelationsCases,
  "equal-time-correlations": pairs.equalTimeCorrelationsCases,
  "pair-fields": pairs.pairFieldsCases,
  "pair-means": pairs.pairMeansCases,
  "sphere-delayed-correlations": pairs.sphereDelayedCorrelationsCases,
  "site-distance": reductions.siteDistanceCases,
  reduce: reductions.reduceCases,
  "chain-overlap": sampling.chainOverlapCases,
  "chain-scalars": sampling.chainScalarsCases,
  accumulate: sampling.accumulateCases,
  "accumulate-products": sampling.accumulateProductsCases,
  "anderson-record": anderson.andersonRecordCases,
  "anderson-gram": anderson.andersonGramCases,
  "anderson-solve": anderson.andersonSolveCases,
  "anderson-mix": anderson.andersonMixCases,
  "component-gram": observation.componentGramCases,
  "site-directions": observation.siteDirectionsCases,
  "site-energies": observation.siteEnergiesCases,
  "site-mismatch": observation.siteMismatchCases,
  "tangent-update": observation.tangentUpdateCases,
  deflate: observation.deflateCases,
  housekeeping: observation.housekeepingCases,
  "score-gaps": observation.scoreGapsCases,
};

/** One case of a kernel at any size. */
export const buildCase = {
  scores: attention.scoresCase,
  softmax: attention.softmaxCase,
  "attention-field-sphere": fused.attentionFieldSphereCase,
  "attention-field-binary": fused.attentionFieldBinaryCase,
  "attention-reaction": fused.attentionReactionCase,
  "attention-couplings": attentionCouplingsCase,
  "attention-merge": fused.attentionMergeCase,
  "concatenate-heads": attention.concatenateHeadsCase,
  "query-key-transform": attentionFeatures.queryKeyTransformCase,
  "subtract-diagonal": models.subtractDiagonalCase,
  "species-couplings": models.speciesCouplingsCase,
  "random-couplings": couplings.randomCouplingsCase,
  "procedural-field-binary": procedural.proceduralFieldBinaryCase,
  "procedural-field-sphere": procedural.proceduralFieldSphereCase,
  "field-binary": fields.fieldBinaryCase,
  "field-sphere": fields.fieldSphereCase,
  "reaction-weights": fields.reactionWeightsCase,
  "moment-weights": updates.momentWeightsCase,
  "binary-update": updates.binaryUpdateCase,
  "sphere-update": updates.sphereUpdateCase,
  "binary-sample": sampling.binarySampleCase,
  "sphere-sample": sampling.sphereSampleCase,
  "sphere-tap-start": sphereTap.sphereTapStartCase,
  "sphere-tap": sphereTap.sphereTapCase,
  "clustering-field": clustering.clusteringFieldCase,
  "clustering-map": clustering.clusteringMapCase,
  "clustering-flow": clustering.clusteringFlowCase,
  "sphere-diffusion": clustering.sphereDiffusionCase,
  "matrix-product": pairs.matrixProductCase,
  "row-sums": pairs.rowSumsCase,
  "delayed-correlations": pairs.delayedCorrelationsCase,
  "equal-time-correlations": pairs.equalTimeCorrelationsCase,
  "pair-fields": pairs.pairFieldsCase,
  "pair-means": pairs.pairMeansCase,
  "sphere-delayed-correlations": pairs.sphereDelayedCorrelationsCase,
  "site-distance": reductions.siteDistanceCase,
  reduce: reductions.reduceCase,
  "chain-overlap": sampling.chainOverlapCase,
  "chain-scalars": sampling.chainScalarsCase,
  accumulate: sampling.accumulateCase,
  "accumulate-products": sampling.accumulateProductsCase,
  "anderson-record": anderson.andersonRecordCase,
  "anderson-gram": anderson.andersonGramCase,
  "anderson-solve": anderson.andersonSolveCase,
  "anderson-mix": anderson.andersonMixCase,
  "component-gram": observation.componentGramCase,
  "site-directions": observation.siteDirectionsCase,
  "site-energies": observation.siteEnergiesCase,
  "site-mismatch": observation.siteMismatchCase,
  "tangent-update": observation.tangentUpdateCase,
  deflate: observation.deflateCase,
  housekeeping: observation.housekeepingCase,
  "score-gaps": observation.scoreGapsCase,
} satisfies {
  readonly [K in StageName]: (params: KernelCase<K>["params"], constants: KernelCase<K>["constants"]) => KernelCase<K>;
};

/** The cases that benchmarks measure, of n sites in d dimensions; each is in `kernelCases` at small sizes. */
export const measuredCases = {
  "attention-field": fused.measuredAttentionField,
} as const;
