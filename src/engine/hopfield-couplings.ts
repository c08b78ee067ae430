/**
 * Hebb's couplings of a batch, J = Ξᵀ Ξ/N with J_ii = 0 (equations 3.7): as a matrix in blocks of rows, or never formed, by
 * two products with the patterns, h = Ξᵀ (Ξ m)/N - d m with d_i = (1/N) Σ_μ (ξ_i^μ)².
 */
import type { HopfieldCouplings } from "../physics/couplings.js";
import { pad } from "../reference/layout.js";
import { ZERO_DIAGONAL } from "../reference/scores.js";
import type { BatchLayout, CouplingBlock } from "./batch.js";
import type { Executor, Slot } from "./executor.js";
import { productArrays, recordRows } from "./field-product.js";
import type { FieldArrays } from "./random-couplings.js";

const patternsOf = ({ batch }: BatchLayout) => batch.couplings as readonly HopfieldCouplings[];

/** P, the largest of a batch: patterns of zeros make the others up to it. */
const patternCount = (layout: BatchLayout) => Math.max(...patternsOf(layout).map(({ count }) => count));

/** 4 P N operations against 2 N². Second moments would take P² N with the patterns, and want the matrix. */
export function lowRankPays(layout: BatchLayout): boolean {
  return layout.batch.couplings[0].kind === "hopfield" && 2 * patternCount(layout) < layout.sites;
}

/** Numbers that the patterns take on the device. */
export function patternLength(layout: BatchLayout, lowRank: boolean): number {
  const { matrices, sites, paddedSites, systems, componentStride } = layout;
  const count = patternCount(layout);
  if (!lowRank) return matrices * (paddedSites * pad(count) + 1);
  const patterns = count * paddedSites + sites * pad(count) + paddedSites;
  return matrices * patterns + systems * pad(count) * componentStride;
}

/** ξ_i^μ times `factor`, a row a site, [matrix][rows][pad(P)]. */
function bySite(layout: BatchLayout, rows: number, factor: (couplings: HopfieldCouplings) => number): Float64Array {
  const { sites } = layout;
  const stride = pad(patternCount(layout));
  const packed = new Float64Array(layout.matrices * rows * stride);
  patternsOf(layout).forEach((couplings, matrix) => {
    const { patterns, count } = couplings;
    const by = factor(couplings);
    for (let mu = 0; mu < count; mu++) {
      for (let site = 0; site < sites; site++) {
        packed[(matrix * rows + site) * stride + mu] = by * patterns[mu * sites + site];
      }
    }
  });
  return packed;
}

/** Records rows of J. */
export function hebbRows(
  executor: Executor,
  layout: BatchLayout,
  own: (slot: Slot) => Slot,
): (block: CouplingBlock) => void {
  const { matrices, sites, paddedSites } = layout;
  const patterns = own(
    executor.upload(
      "patterns",
      bySite(layout, paddedSites, () => 1),
    ),
  );
  const inverse = Float64Array.from(patternsOf(layout), ({ normalisation }) => 1 / normalisation);
  const scales = own(executor.upload("normalisation", inverse));
  const shape = { couplings: matrices, rows: sites, columns: sites, dimension: patternCount(layout), querySharing: 1 };
  return ({ rowStart, rowCount, couplings }) =>
    executor.run({
      kernel: "scores",
      arrays: { queries: patterns, keys: patterns, scales, available: executor.unread, scores: couplings },
      params: { ...shape, rowStart, rowCount },
      constants: { MASK: ZERO_DIAGONAL },
    });
}

/** Field products that never form J. Takes O(P N) memory. */
export class LowRankField {
  readonly #patterns: Slot;
  readonly #bySite: Slot;
  readonly #diagonal: Slot;
  readonly #overlaps: Slot;

  constructor(
    private readonly executor: Executor,
    private readonly layout: BatchLayout,
    own: (slot: Slot) => Slot,
  ) {
    const { matrices, sites, paddedSites, systems, componentStride } = layout;
    const most = patternCount(layout);
    const byPattern = new Float64Array(matrices * most * paddedSites);
    const diagonal = new Float64Array(matrices * paddedSites);
    patternsOf(layout).forEach(({ patterns, count, normalisation }, matrix) => {
      for (let mu = 0; mu < count; mu++) {
        const pattern = patterns.subarray(mu * sites, (mu + 1) * sites);
        byPattern.set(pattern, (matrix * most + mu) * paddedSites);
        pattern.forEach((value, site) => (diagonal[matrix * paddedSites + site] += value ** 2 / normalisation));
      }
    });
    this.#patterns = own(executor.upload("patterns", byPattern));
    this.#bySite = own(
      executor.upload(
        "patterns by site",
        bySite(layout, sites, (each) => 1 / each.normalisation),
      ),
    );
    this.#diagonal = own(executor.upload("diagonal", diagonal));
    this.#overlaps = own(executor.allocate("overlaps", systems * pad(most) * componentStride));
  }

  /** Records J m of all systems; there are no second moments. */
  recordField({ state, field }: FieldArrays): void {
    const { executor, layout } = this;
    const { systems, systemsPerCoupling, sites, componentStride } = layout;
    const count = patternCount(layout);
    this.#recordProduct(this.#patterns, state, this.#overlaps, count, sites);
    this.#recordProduct(this.#bySite, this.#overlaps, field, sites, count);
    executor.run({
      kernel: "subtract-diagonal",
      arrays: { diagonal: this.#diagonal, state, field },
      params: { systems, systemsPerCoupling, sites, componentStride },
      constants: {},
    });
  }

  #recordProduct(couplings: Slot, state: Slot, field: Slot, rows: number, columns: number): void {
    const { executor, layout } = this;
    const { systemsPerCoupling } = layout;
    const shape = { systemsPerCoupling, rows, rowStart: 0, rowCount: rows, columns };
    recordRows(executor, layout, couplings, productArrays(executor, state, field), shape);
  }
}
