/**
 * Stationary laws of noisy attention on S^(d-1) that are ordered about an axis e, for n -> infinity:
 *
 *     p(x) ~ exp((2K/beta) int e^(beta x . y) p(dy)) = exp(kappa sum_k w_k m_k P_k(x . e)),      m_k = E_p P_k,
 *     kappa = K/K_#,   w_k = dim_k I_{k+d/2-1}(beta) / I_{d/2}(beta),   w_1 = d
 *
 * with P_k the Gegenbauer polynomials, P_k(1) = 1, dim_k the number of harmonics of degree k, and r = m_1 = |E x|. The free
 * energy above that of the uniform law is F = (kappa/2) sum_k w_k m_k^2 - ln E_uniform exp(kappa sum_k w_k m_k P_k).
 *
 * The branch is a curve kappa(r): at given r the unknowns are kappa and m_2, m_3, ..., so that Newton's method does not notice
 * where kappa turns around. r from 0 to the turning point is unstable, above it stable or metastable; kappa(0) = 1.
 * Sources: Mun & Rosenzweig, arXiv:2604.16288, arXiv:2606.05140; equations 12.9.
 */
import { besselRatio } from "./bessel-ratio.js";
import { noisyAttentionThreshold, noisyAttentionTricritical } from "./noisy-attention.js";
import { findRoot } from "./root.js";
import { ZonalLaw } from "./zonal-law.js";

/** One ordered law. */
export interface OrderedLaw {
  /** K/K_# */
  readonly ratio: number;
  /** r = |E x|, 0 to 1. */
  readonly order: number;
  /** Free energy above that of the uniform law, in nats a token; below 0 where order wins. */
  readonly freeEnergy: number;
}

/** Orders closer to 1 than this come from the expansion in 1/kappa. */
const ALIGNED = 1e-5;
/** The least order that is resolved: below it kappa(r) is 1 to rounding. */
const FAINT = 1e-6;

/**
 * The ordered law of a given order, stable or not.
 *
 * @param dimension d >= 2
 * @param beta > 0, with K_# above the smallest double
 * @param order r, from 1e-6 to 1 - 1e-5
 * @throws Error if Newton's method does not settle
 */
export function orderedLaw(dimension: number, beta: number, order: number): OrderedLaw {
  return branchOf(dimension, beta).at(order);
}

/**
 * r of the law that the ordered branch has at K, metastable where its free energy is above that of the uniform one.
 *
 * @param dimension d >= 2
 * @param beta >= 0
 * @param strength K >= 0
 * @returns 0 where no ordered law is stable
 */
export function orderedBranchOrder(dimension: number, beta: number, strength: number): number {
  const ratio = ratioOf(dimension, beta, strength);
  if (ratio === Infinity) return 1;
  const branch = branchOf(dimension, beta);
  // Above K_# there is an ordered law, and this one needs no branch to be followed.
  if (ratio >= 1 && branch.width(ratio) < ALIGNED) return 1 - branch.width(ratio);
  const { order: turning, ratio: least } = branch.turningPoint();
  if (ratio <= least) return 0;
  if (branch.width(ratio) < ALIGNED) return 1 - branch.width(ratio);
  let upper = (1 + turning) / 2;
  while (branch.at(upper).ratio < ratio) upper = (1 + upper) / 2;
  return findRoot((order) => branch.at(order).ratio - ratio, turning, upper);
}

/**
 * r of the law of lowest free energy.
 *
 * @param dimension d >= 2
 * @param beta >= 0
 * @param strength K >= 0
 * @returns 0 below the transition, then r > 0
 */
export function noisyAttentionOrder(dimension: number, beta: number, strength: number): number {
  const order = orderedBranchOrder(dimension, beta, strength);
  if (order === 0 || order > 1 - 2 * ALIGNED || ratioOf(dimension, beta, strength) > 1) return order;
  return orderedLaw(dimension, beta, order).freeEnergy < 0 ? order : 0;
}

/** Where order takes over, and where the ordered branch ends as K falls: both are K_# if the transition is continuous. */
export interface NoisyAttentionTransition {
  /** K_c, of equal free energy. */
  readonly critical: number;
  /** r just above K_c; 0 if continuous. */
  readonly jump: number;
  /** The least K of the ordered branch. */
  readonly least: number;
}

/**
 * The transition on raising K.
 *
 * @param dimension d >= 2
 * @param beta >= 0
 */
export function noisyAttentionTransition(dimension: number, beta: number): NoisyAttentionTransition {
  const threshold = noisyAttentionThreshold(dimension, beta);
  const continuous = { critical: threshold, jump: 0, least: threshold };
  if (threshold === 0) return { ...continuous, jump: 1 };
  const branch = branchOf(dimension, beta);
  const turning = branch.turningPoint();
  if (turning.order <= FAINT) return continuous;
  // F falls along the stable part, from above 0 where it begins to below 0 at K_#.
  let upper = turning.order;
  while (branch.at(upper).freeEnergy > 0) upper = (1 + upper) / 2;
  const jump = findRoot((order) => branch.at(order).freeEnergy, turning.order, upper);
  return { critical: branch.at(jump).ratio * threshold, jump, least: turning.ratio * threshold };
}

/**
 * The stable and metastable part of the ordered branch as a curve, from its least K.
 *
 * @param dimension d >= 2
 * @param beta >= 0, with K_# above the smallest double
 * @param strength the K where the curve ends; nothing if it is below the least one
 * @param points of the curve
 */
export function orderedBranch(
  dimension: number,
  beta: number,
  strength: number,
  points: number,
): { readonly strength: number; readonly order: number }[] {
  const branch = branchOf(dimension, beta);
  const threshold = noisyAttentionThreshold(dimension, beta);
  const least = branch.turningPoint().order;
  const most = orderedBranchOrder(dimension, beta, strength);
  if (most <= least) return [];
  return Array.from({ length: points }, (_, k) => {
    const order = Math.min(1 - ALIGNED, least + ((most - least) * k) / (points - 1));
    return { strength: branch.at(order).ratio * threshold, order };
  });
}

function ratioOf(dimension: number, beta: number, strength: number): number {
  const threshold = noisyAttentionThreshold(dimension, beta);
  return strength === 0 ? 0 : strength / threshold;
}

/** The branch asked for last: curves and roots come back to one many times, and start from the laws that it knows. */
let latest: Branch | undefined;

function branchOf(dimension: number, beta: number): Branch {
  if (latest?.dimension !== dimension || latest.beta !== beta) latest = new Branch(dimension, beta);
  return latest;
}

/** kappa(r) of one d and beta. */
class Branch {
  /** w_k, from k = 1. */
  readonly #weights: readonly number[];
  readonly #known: Solution[] = [];
  #turning: Pick<OrderedLaw, "order" | "ratio"> | undefined;

  constructor(
    readonly dimension: number,
    readonly beta: number,
  ) {
    if (dimension > MOST_DIMENSIONS) throw new Error(`no ordered law beyond d = ${MOST_DIMENSIONS} to rounding`);
    const weights = [dimension];
    let largest = dimension;
    for (let k = 1; weights[k - 1] > 1e-17 * largest; k++) {
      const harmonics = ((2 * k + dimension) / (2 * k + dimension - 2)) * ((k + dimension - 2) / (k + 1));
      const next = weights[k - 1] * harmonics * besselRatio(2 * k + dimension, beta);
      weights.push(next);
      largest = Math.max(largest, next);
    }
    this.#weights = weights;
  }

  /** 1 - r of a large kappa: (d-1)/(2 c), c = kappa sum_k w_k P_k'(1), P_k'(1) = k (k+d-2)/(d-1). */
  width(ratio: number): number {
    const d = this.dimension;
    const slope = this.#weights.reduce((sum, weight, j) => sum + (weight * (j + 1) * (j + d - 1)) / (d - 1), 0);
    return (d - 1) / (2 * ratio * slope);
  }

  /** Where kappa(r) is least: at r = 0 if the transition is continuous, else by golden section. */
  turningPoint(): Pick<OrderedLaw, "order" | "ratio"> {
    this.#turning ??= this.#findTurningPoint();
    return this.#turning;
  }

  #findTurningPoint(): Pick<OrderedLaw, "order" | "ratio"> {
    if (this.beta <= noisyAttentionTricritical(this.dimension)) return { order: FAINT, ratio: 1 };
    const section = (Math.sqrt(5) - 1) / 2;
    const ratioAt = (order: number) => this.at(order).ratio;
    let [low, high] = [FAINT, FIRST_ORDER];
    let [left, right] = [high - section * (high - low), low + section * (high - low)];
    let [atLeft, atRight] = [ratioAt(left), ratioAt(right)];
    while (high - low > 1e-6) {
      if (atLeft < atRight) {
        [high, right, atRight] = [right, left, atLeft];
        left = high - section * (high - low);
        atLeft = ratioAt(left);
      } else {
        [low, left, atLeft] = [left, right, atRight];
        right = low + section * (high - low);
        atRight = ratioAt(right);
      }
    }
    const order = (low + high) / 2;
    return { order, ratio: Math.min(1, ratioAt(order)) };
  }

  /** The law of one order, reached from the nearest known one in steps that are halved where Newton's method fails. */
  at(order: number): OrderedLaw {
    if (this.#known.length === 0) {
      const first = this.#settle(this.#alone(FIRST_ORDER));
      if (first === undefined) throw new Error(`no ordered law at d = ${this.dimension}, beta = ${this.beta}`);
      this.#known.push(first);
    }
    const nearest = this.#known.reduce((best, each) =>
      Math.abs(each.order - order) < Math.abs(best.order - order) ? each : best,
    );
    let [from, reach] = [nearest, order];
    while (from.order !== order) {
      const found = this.#settle(towards(from, reach)) ?? this.#settle(this.#alone(reach));
      if (found === undefined) reach = (from.order + reach) / 2;
      else [from, reach] = [found, order];
      if (Math.abs(reach - from.order) < LEAST_STEP * (1 - Math.max(reach, from.order)) && reach !== order) {
        throw new Error(`no ordered law of r = ${order} found at d = ${this.dimension}, beta = ${this.beta}`);
      }
    }
    if (from !== nearest) this.#known.push(from);
    const { ratio, moments } = from;
    const law = new ZonalLaw(this.dimension, this.#weights, 1 - order);
    const energy = this.#weights.reduce((sum, weight, k) => sum + weight * moments[k] ** 2, 0);
    return { ratio, order, freeEnergy: (ratio / 2) * energy - law.logPartition(this.#drive(from)) };
  }

  /** A start without any known law: the moments of exp(b t) with the right r, and the kappa whose first moment with those is r. */
  #alone(order: number): Solution {
    const law = new ZonalLaw(this.dimension, this.#weights, 1 - order);
    const slope = rootOf((b) => law.moments([b])[0] - order);
    const moments = [order, ...law.moments([slope]).slice(1)];
    const ratio = rootOf((value) => law.moments(this.#drive({ order, ratio: value, moments }))[0] - order);
    return { order, ratio, moments };
  }

  /** kappa w_k m_k */
  #drive({ ratio, moments }: Solution): number[] {
    return this.#weights.map((weight, k) => ratio * weight * moments[k]);
  }

  /** Newton's method at fixed order; undefined if it does not settle. */
  #settle({ order, ...start }: Solution): Solution | undefined {
    const law = new ZonalLaw(this.dimension, this.#weights, 1 - order);
    let ratio = start.ratio;
    let moments: readonly number[] = [order, ...start.moments.slice(1)];
    let before = Infinity;
    for (let step = 0; step < MOST_STEPS; step++) {
      const { residual, change } = law.newtonStep(ratio, moments);
      if (residual < 1e-15 || (residual < STALLED && residual >= before / 2)) return { order, ratio, moments };
      if (!(residual < 10 * before)) return undefined;
      before = residual;
      ratio += change[0];
      moments = moments.map((moment, k) => (k === 0 ? order : moment + change[k]));
    }
    return undefined;
  }
}

/** What Newton's method works on: r, kappa and m_k, m_1 = r. */
interface Solution {
  readonly order: number;
  readonly ratio: number;
  readonly moments: readonly number[];
}

/** A start for Newton's method. Near r = 1 all 1 - m_k and 1/kappa go with 1 - r. */
function towards(from: Solution, order: number): Solution {
  if (order < from.order || from.order < 0.9) return { ...from, order };
  const shrinks = (1 - order) / (1 - from.order);
  return { order, ratio: from.ratio / shrinks, moments: from.moments.map((moment) => 1 - (1 - moment) * shrinks) };
}

/** Beyond, sin^(d-2) has lost the digits that Newton's method needs. */
const MOST_DIMENSIONS = 1e5;
/** Where a branch is entered: its law is close to exp(b t) there. */
const FIRST_ORDER = 0.999;
/** Steps of r at least, in units of 1 - r. */
const LEAST_STEP = 1e-4;
const MOST_STEPS = 20;
/** Residuals below this that no longer fall are rounding. */
const STALLED = 1e-9;

/** The positive root of a rising function. */
function rootOf(f: (x: number) => number): number {
  let upper = 1;
  while (f(upper) < 0) upper *= 2;
  return findRoot(f, 0, upper);
}
