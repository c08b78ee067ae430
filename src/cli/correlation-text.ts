/** C and D of chains in a few numbers: the arrays themselves go into files. */
import type { ChainCorrelations } from "../engine/chain-correlations.js";
import { table } from "./text-layout.js";

interface CorrelationSummary {
  /** Over pairs of different sites, all heads; one array entry is one pair. */
  readonly mean: number;
  readonly rms: number;
  /** rms of the standard errors: what an rms without any correlation would show. */
  readonly noise: number;
  /** The pair with the largest magnitude: its value and error. */
  readonly largest: { head: number; sites: [number, number]; value: number; standardError: number } | undefined;
}

/** Keys of the JSON result, which are those of the arrays. */
export function correlationSummaries(correlations: ChainCorrelations, sites: number) {
  const { equalTime, equalTimeErrors, delayed, delayedErrors, blocks } = correlations;
  return {
    correlations: { ...summaryOf(equalTime, equalTimeErrors, sites), blocks },
    "delayed-correlations": { ...summaryOf(delayed, delayedErrors, sites), blocks },
  };
}

export function correlationTable(correlations: ChainCorrelations, sites: number): string {
  const summaries = correlationSummaries(correlations, sites);
  const line = (name: string, { mean, rms, noise, largest }: CorrelationSummary) => [
    name,
    ...[mean, rms, noise].map((value) => value.toExponential(2)),
    largest ? `${largest.value.toFixed(4)} at ${largest.sites.join(",")}` : "-",
  ];
  return table([
    ["pairs i ≠ j", "mean", "rms", "rms error", "largest"],
    line("correlations, C", summaries.correlations),
    line("delayed-correlations, D", summaries["delayed-correlations"]),
  ]);
}

function summaryOf(values: Float64Array, errors: Float64Array, sites: number): CorrelationSummary {
  let [sum, squares, noise, count] = [0, 0, 0, 0];
  let at = -1;
  values.forEach((value, k) => {
    if (Math.floor(k / sites) % sites === k % sites) return;
    sum += value;
    squares += value ** 2;
    noise += errors[k] ** 2;
    count++;
    if (at < 0 || Math.abs(value) > Math.abs(values[at])) at = k;
  });
  const largest = {
    head: Math.floor(at / sites ** 2),
    sites: [Math.floor(at / sites) % sites, at % sites] as [number, number],
    value: values[at],
    standardError: errors[at],
  };
  return {
    mean: sum / count,
    rms: Math.sqrt(squares / count),
    noise: Math.sqrt(noise / count),
    largest: at < 0 ? undefined : largest,
  };
}
