/** A measurement of layers as text, at most 80 columns wide. */
import type { CostExponents } from "../sweep/layers/exponents.js";
import type { LayersOutcome } from "../sweep/layers/measure.js";
import type { LayerGap, LayerRow } from "../sweep/layers/rows.js";
import { type LayerSeries, OPERATIONS_FORMULA, planSeries } from "../sweep/layers/series.js";
import type { SmallSystemsRow } from "../sweep/layers/small-systems.js";
import { quantile } from "../physics/statistics.js";
import { describeStrategy, labelled, table } from "./text-layout.js";

const WIDTH = 80;

export function layersText(outcome: LayersOutcome): string {
  const { smallSystems, exponents, wallSeconds } = outcome;
  return [
    `\nsteps per second, by N\n\n${rateTable(outcome)}\n`,
    labelled("GFLOP/s", `at the largest N, ${OPERATIONS_FORMULA}`),
    spreadLine(outcome),
    strategyLine(outcome),
    ...gapLines(outcome),
    ...(exponents.length > 0 ? [`\n${exponentTable(exponents)}`] : []),
    ...(smallSystems ? [`\n${smallSystemsText(smallSystems)}`] : []),
    `\n${verificationLine(outcome)}`,
    labelled("time", `${wallSeconds.toFixed(0)} s`),
  ].join("\n");
}

/** One line for every series whose numbers are wrong. */
export function failureLines({ verification, smallSystems }: LayersOutcome): string[] {
  const line = (name: string, { maximumError, allowed }: { maximumError: number; allowed: number }) =>
    `${name}: error ${maximumError.toExponential(1)} against float64, ` + `allowed ${allowed.toExponential(1)}`;
  const failed = verification.filter(({ pass }) => !pass).map((each) => `${line(seriesName(each), each)}: not timed`);
  if (smallSystems?.verification.pass === false) failed.push(line("small systems", smallSystems.verification));
  return failed;
}

function seriesName({ closure, dimension, heads, source, precision }: LayerSeries): string {
  return `${closure}, d = ${dimension}, ${heads} ${heads === 1 ? "head" : "heads"}, source ${source}, ${precision}`;
}

const SERIES_COLUMNS = ["closure", "source", "heads", "d", "precision"] as const;

/** Series down, N across: all N, or every second, third, ... one, down from the largest, as 80 columns hold them. */
function rateTable({ plan, rows }: LayersOutcome): string {
  const series = planSeries(plan);
  const columns = SERIES_COLUMNS.filter((column) => column !== "source" || plan.sources.length > 1);
  const measured = plan.sites.filter((sites) => rows.some((row) => row.sites === sites));
  for (let stride = 1; ; stride++) {
    const shown = measured.filter((_, k) => (measured.length - 1 - k) % stride === 0);
    const lines = series.map((each) => {
      const own = rows.filter((row) => isOf(row, each));
      const cells = { ...each, heads: String(each.heads), d: String(each.dimension) };
      const rates = shown.map((sites) => rate(own.find((row) => row.sites === sites)?.stepsPerSecond));
      return [...columns.map((column) => cells[column]), ...rates, rate(own.at(-1)?.gflops)];
    });
    const text = table([[...columns, ...shown.map(String), "GFLOP/s"], ...lines]);
    const fits = Math.max(...text.split("\n").map((line) => line.length)) <= WIDTH;
    if (!fits && shown.length > 1) continue;
    return stride === 1 ? text : `${text}\n\n${labelled("N", `1 of ${stride}; the others are in --json and --out`)}`;
  }
}

function isOf(row: LayerRow, series: LayerSeries): boolean {
  return (
    row.dimension === series.dimension &&
    row.heads === series.heads &&
    row.closure === series.closure &&
    row.source === series.source &&
    row.precision === series.precision
  );
}

/** Three digits, and no exponent below a million. */
function rate(value: number | undefined): string {
  if (value === undefined) return "-";
  if (value >= 1e6 || value < 1e-3) return value.toExponential(2).replace("e+", "e");
  return String(Number(value.toPrecision(3)));
}

function spreadLine({ rows, plan }: LayersOutcome): string {
  const counts = rows.map(({ rounds }) => rounds);
  const spreads = rows.map((row) => (row.upperQuartile - row.lowerQuartile) / row.stepsPerSecond);
  const range = [...new Set([Math.min(...counts), Math.max(...counts)])].join(" to ");
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  return labelled(
    "rates",
    `median of ${range} rounds in ${plan.seconds} s; between their quartiles lie ` +
      `${percent(quantile(spreads, 0.5))} of a rate, ${percent(Math.max(...spreads))} at worst`,
  );
}

function strategyLine({ rows }: LayersOutcome): string {
  const strategies = new Map(
    rows.map(({ strategy: { name, precision } }) => [`${name} ${precision}`, { name, precision }]),
  );
  return labelled("strategies", [...strategies.values()].map(describeStrategy).join("; "));
}

/** One line for every N, until none of the series goes further. */
function gapLines({ plan, gaps, rows, verification }: LayersOutcome): string[] {
  const series = verification.filter(({ pass }) => pass).length;
  const lines: string[] = [];
  for (const sites of plan.sites) {
    const here = gaps.filter((gap) => gap.sites === sites);
    if (here.length === 0) continue;
    const last = !rows.some((row) => row.sites >= sites);
    const beyond = last && sites < plan.sites[plan.sites.length - 1] ? ", nor any larger one" : "";
    const share = here.length < series ? ` for ${here.length} of ${series} series` : "";
    lines.push(labelled(`N = ${sites}`, `not run${share}${beyond}: ${causes(here, plan.seconds)}`));
    if (last) break;
  }
  return lines;
}

function causes(gaps: readonly LayerGap[], limit: number): string {
  const slow = gaps.flatMap(({ seconds }) => seconds ?? []);
  const large = gaps.find(({ cause }) => cause === "memory");
  const shown = (seconds: number) => String(Number(seconds.toPrecision(2)));
  const range = [...new Set([shown(Math.min(...slow)), shown(Math.max(...slow))])].join(" to ");
  return [
    ...(slow.length > 0 ? [`needs ${range} s a step, --seconds is ${limit}`] : []),
    ...(large ? [large.reason] : []),
  ].join("; ");
}

function exponentTable(exponents: readonly CostExponents[]): string {
  const several = new Set(exponents.map(({ source }) => source)).size > 1;
  const lines = exponents.map(({ closure, source, heads, precision, sites, dimension, points }) => [
    closure,
    ...(several ? [source] : []),
    String(heads),
    precision,
    withError(sites),
    dimension ? withError(dimension) : "-",
    String(points),
  ]);
  const header = ["closure", ...(several ? ["source"] : []), "heads", "precision", "a", "b", "points"];
  const range = exponents[0].range;
  return (
    `time of a step as N^a d^b, least squares of its logarithm, each series from\n` +
    `1/${range} of its largest N on\n\n${table([header, ...lines])}`
  );
}

function withError({ value, standardError }: CostExponents["sites"]): string {
  return Number.isNaN(standardError)
    ? `${value.toFixed(2)}       `
    : `${value.toFixed(2)} ± ${standardError.toFixed(2)}`;
}

function smallSystemsText(row: SmallSystemsRow): string {
  const { systems, sites, dimension, steps, closure, wallSeconds, systemStepsPerSecond, gflops } = row;
  const { submits, gpuSeconds, overhead, gpuTimeReason = "" } = row;
  const gpuTime =
    gpuSeconds === undefined || overhead === undefined
      ? `GPU time not measured (${gpuTimeReason})`
      : `GPU time ${gpuSeconds.toPrecision(3)} s, so ${(100 * overhead).toFixed(1)} % overhead`;
  return [
    labelled("small systems", `${systems} of N = ${sites}, d = ${dimension} in one batch, ${steps} steps, ${closure}`),
    labelled(
      "",
      `${wallSeconds.toPrecision(3)} s, ${rate(systemStepsPerSecond)} steps x systems per second, ${rate(gflops)} GFLOP/s`,
    ),
    labelled("", `${submits === undefined ? "submits not counted" : `${submits} submits`}, ${gpuTime}`),
  ].join("\n");
}

function verificationLine({ verification, smallSystems }: LayersOutcome): string {
  const all = [...verification, ...(smallSystems ? [smallSystems.verification] : [])];
  const passed = all.filter(({ pass }) => pass);
  const worst = Math.max(...all.map(({ maximumError, allowed }) => maximumError / allowed));
  return labelled(
    "verified",
    `${passed.length} of ${all.length} series against float64, before they were timed; ` +
      `largest error ${worst.toFixed(2)} of what is allowed`,
  );
}
