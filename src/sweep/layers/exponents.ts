/** Cost exponents: how the time of a step grows with N and d. */
import { fitPowerLaw, type PowerLaw } from "../regression.js";
import type { LayerRow } from "./rows.js";
import type { LayerSeries } from "./series.js";

type Exponent = PowerLaw["exponents"][number];

/** Seconds a step ≈ `prefactor` · N^sites · d^dimension. */
export interface CostExponents extends Omit<LayerSeries, "dimension"> {
  readonly prefactor: number;
  readonly sites: Exponent;
  /** Undefined where there is one d. */
  readonly dimension: Exponent | undefined;
  /** Points behind the fit. */
  readonly points: number;
  /** N below the largest of a series over this are left out. */
  readonly range: number;
}

/** At smaller N than the largest of a series over this, launches cost more than work. */
const RANGE = 16;

/** One fit for each closure, number of heads, source and precision; none where N does not vary. */
export function fitCosts(rows: readonly LayerRow[]): CostExponents[] {
  const groups = new Map<string, LayerRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.precision, row.source, row.closure, row.heads]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].flatMap((group) => {
    const largest = new Map<number, number>();
    for (const { dimension, sites } of group) largest.set(dimension, Math.max(sites, largest.get(dimension) ?? 0));
    const used = group.filter(({ dimension, sites }) => RANGE * sites >= (largest.get(dimension) ?? 0));
    const several = new Set(used.map(({ dimension }) => dimension)).size > 1;
    const law = fitPowerLaw(
      used.map(({ sites, dimension }) => (several ? [sites, dimension] : [sites])),
      used.map(({ stepsPerSecond }) => 1 / stepsPerSecond),
    );
    if (law === undefined) return [];
    const [{ heads, closure, source, precision }] = group;
    const [sites, dimension] = law.exponents as [Exponent, Exponent | undefined];
    const { prefactor } = law;
    return [{ heads, closure, source, precision, prefactor, sites, dimension, points: used.length, range: RANGE }];
  });
}
