/**
 * The downhill simplex of Nelder & Mead, Computer Journal 7, 308 (1965), for functions of a few variables that jump.
 *
 * Own code, because the quality of a collapse has neither derivatives nor a fixed number of residuals, which rules out
 * Levenberg-Marquardt (ml-levenberg-marquardt 5.1), and the one simplex on npm (fmin 0.0.4) does not say whether it converged.
 */
export interface Minimum {
  readonly at: readonly number[];
  readonly value: number;
  /** False where the evaluations ran out. */
  readonly converged: boolean;
}

/** A simplex is started anew from its best vertex, for it may have collapsed on a ridge or in a dent: sizes of the edges. */
const RESTARTS = [1, -0.5, 0.25];

const EVALUATIONS_PER_START = 400;

const SMALLEST = 1e-3;

/**
 * @param of may be Infinity where it is not defined, but not at the start
 * @param steps edges of the first simplex, one a variable; it has converged when it is smaller than 1e-3 of them
 */
export function nelderMead(
  of: (at: readonly number[]) => number,
  start: readonly number[],
  steps: readonly number[],
): Minimum {
  let best: Minimum = { at: start, value: Infinity, converged: false };
  for (const factor of RESTARTS) {
    const next = descend(
      of,
      best.at,
      steps.map((step) => factor * step),
    );
    if (next.value <= best.value) best = next;
  }
  return best;
}

function descend(of: (at: readonly number[]) => number, start: readonly number[], steps: readonly number[]): Minimum {
  const vertex = (at: readonly number[]) => ({ at, value: of(at) });
  const simplex = [
    vertex(start),
    ...steps.map((step, k) => vertex(start.map((entry, j) => (j === k ? entry + step : entry)))),
  ];
  const variables = start.length;
  const spread = () =>
    Math.max(...simplex.flatMap(({ at }) => steps.map((step, k) => Math.abs((at[k] - simplex[0].at[k]) / step))));
  for (let evaluations = variables + 1; evaluations < EVALUATIONS_PER_START; evaluations++) {
    simplex.sort((one, other) => one.value - other.value);
    if (spread() < SMALLEST) return { ...simplex[0], converged: true };
    const worst = simplex[variables];
    const centre = start.map((_, k) => simplex.slice(0, variables).reduce((sum, { at }) => sum + at[k], 0) / variables);
    const beyond = (factor: number) => vertex(centre.map((entry, k) => entry + factor * (entry - worst.at[k])));
    const reflected = beyond(1);
    if (reflected.value < simplex[0].value) {
      const expanded = beyond(2);
      simplex[variables] = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < simplex[variables - 1].value) {
      simplex[variables] = reflected;
    } else {
      const contracted = beyond(reflected.value < worst.value ? 1 / 2 : -1 / 2);
      if (contracted.value < Math.min(reflected.value, worst.value)) {
        simplex[variables] = contracted;
      } else {
        for (let k = 1; k <= variables; k++) {
          simplex[k] = vertex(simplex[k].at.map((entry, j) => (entry + simplex[0].at[j]) / 2));
        }
      }
    }
  }
  simplex.sort((one, other) => one.value - other.value);
  return { ...simplex[0], converged: false };
}
