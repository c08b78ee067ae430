/** The variables of a data collapse, and which points of it can be compared. */
import type { ScalingCurve } from "./curves.js";

/** x_c; a = 1/ν of N, 1/(ν d) where N = L^d; b = β/ν likewise, of the observable. Mean field: 1/2 and, of |m|, 1/4. */
export interface ScalingForm {
  readonly criticalPoint: number;
  readonly a: number;
  readonly b: number;
}

export type ScalingParameter = keyof ScalingForm;

/** The points of a curve in the variables of a collapse: (x - x_c) N^a and y N^b with its error. */
export function rescale({ sites, points }: ScalingCurve, { criticalPoint, a, b }: ScalingForm): ScalingCurve["points"] {
  return points.map(({ x, mean, standardError }) => ({
    x: (x - criticalPoint) * sites ** a,
    mean: mean * sites ** b,
    standardError: standardError * sites ** b,
  }));
}

export interface Neighbour {
  readonly curve: number;
  readonly point: number;
}

/** A point and the points of other curves that enclose it. */
export interface Comparison {
  readonly own: Neighbour;
  readonly others: readonly Neighbour[];
}

export type Points = readonly ScalingCurve["points"][];

/** Every point that has neighbours to its left and right in another curve. */
export function comparisonsOf(scaled: Points): Comparison[] {
  const comparisons: Comparison[] = [];
  scaled.forEach((points, curve) => {
    const cursors = scaled.map(() => 0);
    points.forEach(({ x }, point) => {
      const others: Neighbour[] = [];
      scaled.forEach((other, index) => {
        if (index === curve) return;
        while (cursors[index] < other.length && other[cursors[index]].x <= x) cursors[index]++;
        const right = cursors[index];
        if (right === 0 || right === other.length) return;
        others.push({ curve: index, point: right - 1 }, { curve: index, point: right });
      });
      if (others.length > 0) comparisons.push({ own: { curve, point }, others });
    });
  });
  return comparisons;
}
