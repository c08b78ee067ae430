/** Whether the chains of a sweep have mixed: columns of its tables, and the line that says where they have not. */
import { SERIES, type SeriesName } from "../engine/chain-estimates.js";
import type { Column } from "../files/table.js";
import { LARGEST_RHAT } from "../physics/chain-statistics.js";
import type { ResultRow } from "./run.js";
import type { Sweep } from "./spec.js";

/** A state may keep its sign for ever, and m and overlaps with it; |m| has none. */
const SYMBOLS: Readonly<Record<SeriesName, string>> = {
  "absolute-magnetization": "|m|",
  magnetization: "m",
  overlap: "overlaps",
};

/** NaN where one row does not know: a run was too short to tell. */
const largest = (rows: readonly ResultRow[], of: (row: ResultRow) => number | undefined): number =>
  Math.max(...rows.map((row) => of(row) ?? NaN));

/**
 * τ_int and split R̂ of every series that chains have, a cell for each list of rows: one row in `results`, the samples of a
 * point in `summary`, whose largest value counts.
 */
export function mixingColumns(lists: readonly (readonly ResultRow[])[]): Column[] {
  const present = SERIES.filter((series) =>
    lists.some((rows) => rows.some(({ splitRhat }) => splitRhat?.[series] !== undefined)),
  );
  return present.flatMap((series): Column[] => [
    {
      name: `${series}_autocorrelation_time`,
      description: `integrated autocorrelation time of ${series} of chains, the largest of heads and samples`,
      unit: "steps",
      type: "double",
      values: lists.map((rows) => largest(rows, ({ autocorrelation }) => autocorrelation?.[series])),
    },
    {
      name: `${series}_split_rhat`,
      description: `R-hat of ${series} between halves of chains, the largest of heads and samples; mixed up to ${LARGEST_RHAT}`,
      type: "double",
      values: lists.map((rows) => largest(rows, ({ splitRhat }) => splitRhat?.[series])),
    },
  ]);
}

/** One line if chains of some points have not mixed: every series, at how many points, and the worst. */
export function mixingNote({ axes, points }: Sweep, rows: readonly ResultRow[]): string | undefined {
  const count = (list: readonly { readonly point: number }[]) => new Set(list.map(({ point }) => point)).size;
  const unmixed = SERIES.map((series) => {
    const above = rows.flatMap(({ point, splitRhat }) => {
      const ratio = splitRhat?.[series] ?? NaN;
      return ratio > LARGEST_RHAT ? [{ point, ratio }] : [];
    });
    return { series, above };
  }).filter(({ above }) => above.length > 0);
  if (unmixed.length === 0) return undefined;
  const parts = unmixed.map(({ series, above }) => {
    const worst = above.reduce((one, other) => (other.ratio > one.ratio ? other : one));
    const at = axes
      .flatMap(({ path }, k) => (path === "closure" ? [] : [`${path} ${points[worst.point].values[k]}`]))
      .join(", ");
    return `of ${SYMBOLS[series]} at ${count(above)} (${worst.ratio.toPrecision(3)} at ${at})`;
  });
  const chains = count(rows.filter(({ splitRhat }) => splitRhat !== undefined));
  const signs = unmixed.some(({ series }) => series !== "absolute-magnetization")
    ? "; chains may stay in states of either sign, whose m and overlaps mean little: observe absolute-magnetization"
    : "";
  return `R̂ of chains is above ${LARGEST_RHAT}, of ${chains} points: ${parts.join(", ")}: not mixed there${signs}`;
}
