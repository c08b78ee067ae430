/** The float64 twin of every kernel, by the kernel's name: the same list as `src/kernels/registry.ts`. */
import { accumulate } from "./accumulate.js";
import { accumulateProducts } from "./accumulate-products.js";
import { andersonGram } from "./anderson-gram.js";
import { andersonMix } from "./anderson-mix.js";
import { andersonRecord } from "./anderson-record.js";
import { andersonSolve } from "./anderson-solve.js";
import { attentionCouplings } from "./attention-couplings.js";
import { attentionFieldBinary } from "./attention-field-binary.js";
import { attentionFieldSphere } from "./attention-field-sphere.js";
import { attentionMerge } from "./attention-merge.js";
import { attentionReaction } from "./attention-reaction.js";
import { binarySample } from "./binary-sample.js";
import { binaryUpdate } from "./binary-update.js";
import { clusteringField } from "./clustering-field.js";
import { clusteringFlow } from "./clustering-flow.js";
import { clusteringMap } from "./clustering-map.js";
import { componentGram } from "./component-gram.js";
import { chainOverlap } from "./chain-overlap.js";
import { chainScalars } from "./chain-scalars.js";
import { concatenateHeads } from "./concatenate-heads.js";
import { deflate } from "./deflate.js";
import { delayedCorrelations } from "./delayed-correlations.js";
import { equalTimeCorrelations } from "./equal-time-correlations.js";
import { fieldBinary } from "./field-binary.js";
import { fieldSphere } from "./field-sphere.js";
import { housekeeping } from "./housekeeping.js";
import { matrixProduct } from "./matrix-product.js";
import { momentWeights } from "./moment-weights.js";
import { pairFields } from "./pair-fields.js";
import { pairMeans } from "./pair-means.js";
import { proceduralFieldBinary } from "./procedural-field-binary.js";
import { proceduralFieldSphere } from "./procedural-field-sphere.js";
import { queryKeyTransform } from "./query-key-transform.js";
import { randomCouplings } from "./random-couplings.js";
import { reactionWeights } from "./reaction-weights.js";
import { reduce } from "./reduce.js";
import { rowSums } from "./row-sums.js";
import { scoreGaps } from "./score-gaps.js";
import { scores } from "./scores.js";
import { siteDirections } from "./site-directions.js";
import { siteDistance } from "./site-distance.js";
import { siteEnergies } from "./site-energies.js";
import { siteMismatch } from "./site-mismatch.js";
import { softmax } from "./softmax.js";
import { speciesCouplings } from "./species-couplings.js";
import { sphereDelayedCorrelations } from "./sphere-delayed-correlations.js";
import { sphereDiffusion } from "./sphere-diffusion.js";
import { sphereSample } from "./sphere-sample.js";
import { sphereTap } from "./sphere-tap.js";
import { sphereTapStart } from "./sphere-tap-start.js";
import { sphereUpdate } from "./sphere-update.js";
import { subtractDiagonal } from "./subtract-diagonal.js";
import { tangentUpdate } from "./tangent-update.js";

export const twins = {
  scores,
  softmax,
  "attention-field-sphere": attentionFieldSphere,
  "attention-field-binary": attentionFieldBinary,
  "attention-reaction": attentionReaction,
  "attention-couplings": attentionCouplings,
  "attention-merge": attentionMerge,
  "field-binary": fieldBinary,
  "field-sphere": fieldSphere,
  "random-couplings": randomCouplings,
  "procedural-field-binary": proceduralFieldBinary,
  "procedural-field-sphere": proceduralFieldSphere,
  "concatenate-heads": concatenateHeads,
  "query-key-transform": queryKeyTransform,
  "subtract-diagonal": subtractDiagonal,
  "species-couplings": speciesCouplings,
  "moment-weights": momentWeights,
  "binary-update": binaryUpdate,
  "sphere-update": sphereUpdate,
  "binary-sample": binarySample,
  "sphere-sample": sphereSample,
  "sphere-tap-start": sphereTapStart,
  "sphere-tap": sphereTap,
  "reaction-weights": reactionWeights,
  "clustering-field": clusteringField,
  "clustering-map": clusteringMap,
  "clustering-flow": clusteringFlow,
  "sphere-diffusion": sphereDiffusion,
  "site-distance": siteDistance,
  reduce,
  "chain-overlap": chainOverlap,
  "chain-scalars": chainScalars,
  accumulate,
  "accumulate-products": accumulateProducts,
  "anderson-record": andersonRecord,
  "anderson-gram": andersonGram,
  "anderson-solve": andersonSolve,
  "anderson-mix": andersonMix,
  "matrix-product": matrixProduct,
  "row-sums": rowSums,
  "delayed-correlations": delayedCorrelations,
  "equal-time-correlations": equalTimeCorrelations,
  "pair-fields": pairFields,
  "pair-means": pairMeans,
  "sphere-delayed-correlations": sphereDelayedCorrelations,
  "component-gram": componentGram,
  deflate,
  housekeeping,
  "score-gaps": scoreGaps,
  "site-directions": siteDirections,
  "site-energies": siteEnergies,
  "site-mismatch": siteMismatch,
  "tangent-update": tangentUpdate,
} as const;
