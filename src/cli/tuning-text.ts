/** What the tuner found, as text. */
import type { MeasuredCandidate, TuningResult } from "../verify/tune.js";
import { table } from "./text-layout.js";

/** A table a kernel, what was left out, and what share of the best speed defaults and winners reach. */
export function tuningText(results: readonly TuningResult[]): string {
  const parts = [...new Set(results.map(({ kernel }) => kernel))].flatMap((kernel) => {
    const own = results.filter((result) => result.kernel === kernel);
    return ["", kernel, table([HEADER, ...own.map(resultRow)]), ...rejections(own)];
  });
  const chosen = sharesOfBest(results, ({ winner }) => winner);
  const presets = sharesOfBest(results, ({ candidates }) => candidates[0]);
  return [...parts, "", `share of the best: defaults ${presets}, chosen ${chosen}`].join("\n");
}

const HEADER = ["N", "d", "chosen", "ms", "default ms", "default/best"];

function resultRow(result: TuningResult): string[] {
  const { bucket, candidates, winner } = result;
  const share = shareOfBest(result, candidates[0]);
  return [
    String(bucket.sites),
    String(bucket.dimension),
    winner === undefined ? "default, untimed" : describeCandidate(winner, winner === candidates[0]),
    milliseconds(winner),
    milliseconds(candidates[0]),
    share === undefined ? "-" : percent(share),
  ];
}

function describeCandidate({ strategy, change }: MeasuredCandidate, preset: boolean): string {
  const changes = Object.entries(change).map(([name, value]) => `${name} ${value}`);
  return `${[strategy, ...changes].join(" ")}${preset ? " (default)" : ""}`;
}

function milliseconds(candidate: MeasuredCandidate | undefined): string {
  return candidate?.medianMs === undefined ? "-" : candidate.medianMs.toPrecision(3);
}

/** One line for each candidate that was wrong or did not run. */
function rejections(results: readonly TuningResult[]): string[] {
  const lines = results.flatMap(({ candidates }) =>
    candidates.flatMap((candidate) =>
      candidate.rejected === undefined
        ? []
        : [`left out: ${describeCandidate(candidate, candidate === candidates[0])}: ${candidate.rejected}`],
    ),
  );
  return [...new Set(lines)];
}

function shareOfBest({ candidates }: TuningResult, candidate: MeasuredCandidate | undefined): number | undefined {
  const best = Math.min(...candidates.map(({ medianMs = Infinity }) => medianMs));
  return candidate?.medianMs === undefined ? undefined : best / candidate.medianMs;
}

/** `97 % on average, 81 % at worst` */
function sharesOfBest(
  results: readonly TuningResult[],
  pick: (result: TuningResult) => MeasuredCandidate | undefined,
): string {
  const shares = results.flatMap((result) => shareOfBest(result, pick(result)) ?? []);
  if (shares.length === 0) return "not known";
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  return `${percent(mean)} on average, ${percent(Math.min(...shares))} at worst`;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
