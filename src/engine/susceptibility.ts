/** The response of the magnetization to a uniform field, by central differences: two more systems behind every point. */
import type { RawMoments } from "../physics/moments.js";
import { followsState } from "../physics/observable-scope.js";
import type { BatchPoint, SystemBatch } from "./batch.js";

/**
 * δ of the central difference behind the susceptibility χ: rounding adds a relative error of about 3e-7/δ in f32, and the
 * curvature one that grows like (χ δ)².
 */
export const FIELD_SHIFT = { f32: 2.5e-4, f64: 1e-6 } as const;

interface Place {
  readonly group: number;
  readonly replica: number;
}

/** The batch with two more points behind each: field shifted by ±δ along the all-ones direction. */
export function withShiftedFields(batch: SystemBatch, shift: number) {
  const amount = shift / Math.sqrt(batch.spins.components);
  const shiftedBy = (point: BatchPoint, sign: number) => ({
    ...point,
    field: point.field.map((x) => x + sign * amount),
  });
  const couplings = batch.couplings;
  const triple = (point: BatchPoint) => [point, shiftedBy(point, 1), shiftedBy(point, -1)];
  if (!followsState(couplings[0])) {
    return {
      batch: { ...batch, points: batch.points.map((group) => group.flatMap(triple)) },
      locate: (group: number, replica: number): Place => ({ group, replica: 3 * replica }),
      shifted: (group: number, replica: number): Place[] => [1, 2].map((k) => ({ group, replica: 3 * replica + k })),
    };
  }
  // Couplings that follow the state belong to one system each.
  return {
    batch: {
      ...batch,
      couplings: couplings.flatMap((coupling) => [coupling, coupling, coupling]),
      points: batch.points.flatMap((group) => triple(group[0]).map((point) => [point])),
    },
    locate: (group: number): Place => ({ group: 3 * group, replica: 0 }),
    shifted: (group: number): Place[] => [1, 2].map((k) => ({ group: 3 * group + k, replica: 0 })),
  };
}

/**
 * [Σ m·n at x + δ, at x - δ, δ] of every head, from the results at x, x + δ and x - δ; NaN if one of them has not come to
 * an end that its state can be trusted at.
 */
export function responseOf(
  [own, above, below]: readonly { readonly moments: readonly RawMoments[]; readonly status: string }[],
  shift: number,
): (readonly [number, number, number])[] {
  const trusted = [own, above, below].every(({ status }) => status === "converged" || status === "completed");
  const along = ({ componentSums }: RawMoments) =>
    trusted ? componentSums.reduce((sum, value) => sum + value, 0) / Math.sqrt(componentSums.length) : NaN;
  return above.moments.map((plus, head) => [along(plus), along(below.moments[head]), shift] as const);
}
