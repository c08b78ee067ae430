/** What takes the places of N and of the control parameter in y N^b = f((x - x_c) N^a) (equations 7.6). */
import { softmaxCrossover } from "../theory/softmax-rem.js";
import type { ScalingCurve } from "./curves.js";

export interface ScalingVariable {
  readonly size: (sites: number) => number;
  readonly control: (x: number, sites: number) => number;
  /** Where x_c is known for every system that has this variable. */
  readonly criticalPoint?: number;
}

export const scalingVariableNames = ["power", "rem"] as const;
export type ScalingVariableName = (typeof scalingVariableNames)[number];

export const scalingVariables: Readonly<Record<ScalingVariableName, ScalingVariable>> = {
  power: { size: (sites) => sites, control: (x) => x },
  /** Scores of deviation x, N of them: a random energy model of ln N "spins", critical at x = √(2 ln N). */
  rem: { size: Math.log, control: (x, sites) => x / softmaxCrossover(sites), criticalPoint: 1 },
};

/** The curve as `collapse` and `rescale` take it, in place of that of N. */
export function inVariable(curve: ScalingCurve, name: ScalingVariableName): ScalingCurve {
  const { size, control } = scalingVariables[name];
  const points = curve.points.map((point) => ({ ...point, x: control(point.x, curve.sites) }));
  return { ...curve, sites: size(curve.sites), points };
}
