/** Whether the chains of a sweep have mixed: columns of its tables, and the line that says where they have not. */
import { SERIES, type SeriesName } from "../engine/chain-estimates.js";
import type { Column } from "../files/table.js";
import type { ResultRow } from "./run.js";
import type { Sweep } from "./spec.js";

/** Vehtari, Gelman, Simpson, Carpenter & Bürkner, Bayesian Analysis 16, 667 (2021). */
export const LARGEST_RHAT = 1.01;

/** What a line of mixing is about: it has no sign that a state could keep for ever, as m and overlaps have. */
const JUDGED: SeriesName = "absolute-magnetization";

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

/** One line if chains of some points have not mixed; of `points` those that have rows. */
export function mixingNote({ axes, points }: Sweep, rows: readonly ResultRow[]): string | undefined {
  const judged = rows.flatMap(({ point, splitRhat }) => {
    const ratio = splitRhat?.[JUDGED];
    return ratio === undefined || Number.isNaN(ratio) ? [] : [{ point, ratio }];
  });
  const unmixed = judged.filter(({ ratio }) => ratio > LARGEST_RHAT);
  if (unmixed.length === 0) return undefined;
  const worst = unmixed.reduce((one, other) => (other.ratio > one.ratio ? other : one));
  const at = axes.map(({ path }, k) => `${path} ${points[worst.point].values[k]}`).join(", ");
  const count = (list: readonly { readonly point: number }[]) => new Set(list.map(({ point }) => point)).size;
  return (
    `R̂ of |m| is above ${LARGEST_RHAT} at ${count(unmixed)} of ${count(judged)} points of chains ` +
    `(${worst.ratio.toPrecision(3)} at ${at}): they have not mixed there`
  );
}
