import { pad } from "./layout.js";
import { MASKED } from "./scores.js";

/** Twin of `shaders/score-gaps.wgsl`: the largest minus the second largest score of a row, and whether it has two keys. */
export function scoreGaps(
  arrays: { scores: Float64Array; gaps: Float64Array },
  params: { couplings: number; rows: number; rowStart: number; rowCount: number; columns: number },
): void {
  const { couplings, rows, rowStart, rowCount, columns } = params;
  for (let row = 0; row < couplings * rowCount; row++) {
    let largest = MASKED;
    let second = MASKED;
    for (const score of arrays.scores.subarray(row * pad(columns), row * pad(columns) + columns)) {
      if (score > largest) [largest, second] = [score, largest];
      else if (score > second) second = score;
    }
    const target = 2 * (Math.floor(row / rowCount) * pad(rows) + rowStart + (row % rowCount));
    arrays.gaps.set(second > MASKED ? [largest - second, 1] : [0, 0], target);
  }
}
