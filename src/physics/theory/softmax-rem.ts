/**
 * Softmax of independent Gaussian scores: a random energy model, solved exactly at every N.
 *
 * One row holds N scores beta x_i with x_i independent N(0, 1), and alpha = softmax(beta x). With
 * phi(t) = E exp(-t e^{beta x}) and t = e^v,
 *
 *     E ln Z              = int dv ( exp(-e^v) - phi^N )
 *     E sum alpha_i^2     = N int dv E[ w^2 e^{-w} ] phi^{N-1},   w = e^{v + beta x}
 *     E sum alpha_i x_i   = beta (1 - E sum alpha_i^2)
 *     E entropy           = E ln Z - beta^2 (1 - E sum alpha_i^2)
 *
 * Sources: Derrida, PRB 24, 2613 (1981); Giorlandino & Goldt, arXiv:2505.24333. The last two lines are Gaussian
 * integration by parts.
 */

/** Averages over rows, exact at finite N. */
export interface SoftmaxRowAverages {
  /** E ln Z, Z = sum_i exp(beta x_i). */
  readonly logPartition: number;
  /** E Y2 = E sum_i alpha_i^2, between 1/N and 1. */
  readonly participation: number;
  /** E S = -E sum_i alpha_i ln alpha_i, in nats, between 0 and ln N. */
  readonly entropy: number;
  /** E sum_i alpha_i x_i. */
  readonly meanScore: number;
}

/**
 * Score scale at which attention condenses on a few keys when ln N is large: sqrt(2 ln N). At accessible N it is a
 * crossover, and the asymptotic values on either side are far from the exact ones.
 *
 * @param count keys N in a row
 */
export function softmaxCrossover(count: number): number {
  return Math.sqrt(2 * Math.log(count));
}

/**
 * Both integrals by the trapezoid rule. In v and in beta x the integrands are analytic in a strip of half width pi/2, so
 * a step of 0.2 leaves an error near 1e-21 and the sums are limited by rounding. A few milliseconds.
 *
 * @param count keys N in a row, >= 1
 * @param beta standard deviation of the scores, >= 0
 */
export function softmaxRowAverages(count: number, beta: number): SoftmaxRowAverages {
  if (beta === 0) {
    const logCount = Math.log(count);
    return { logPartition: logCount, participation: 1 / count, entropy: logCount, meanScore: 0 };
  }
  const { nodes, weights, tails } = normalGrid(count, beta);
  const step = 0.2;
  const [start, end] = integrationRange(count, beta);
  let logPartition = 0;
  let participation = 0;
  for (let v = start; v <= end; v += step) {
    // Where w > e^5, 1 - e^-w is 1 to the last bit; where w < e^-50, it adds nothing. Nodes ascend in x.
    const first = Math.max(0, Math.ceil(((-50 - v) / beta - nodes[0]) / (nodes[1] - nodes[0])));
    let complement = 0; // 1 - phi
    let second = 0; // E w^2 e^-w
    for (let j = first; j < nodes.length; j++) {
      const exponent = v + beta * nodes[j];
      if (exponent > 5) {
        complement += tails[j];
        break;
      }
      const w = Math.exp(exponent);
      const missing = Math.expm1(-w);
      complement -= weights[j] * missing;
      second += weights[j] * w * w * (1 + missing);
    }
    const logPhi = Math.log1p(-Math.min(complement, 1));
    const others = count === 1 ? 1 : Math.exp((count - 1) * logPhi);
    // exp(-e^v) - phi^N, as a difference of two complements: each is small where v is very negative.
    logPartition += Math.expm1(-Math.exp(v)) - Math.expm1(count * logPhi);
    participation += second * others;
  }
  logPartition *= step;
  participation *= count * step;
  return {
    logPartition,
    participation,
    entropy: logPartition - beta * beta * (1 - participation),
    meanScore: beta * (1 - participation),
  };
}

/** Trapezoid nodes and weights of the standard normal law, wide enough for tails that matter N-fold, and tail sums. */
function normalGrid(count: number, beta: number): Record<"nodes" | "weights" | "tails", Float64Array> {
  const reach = Math.sqrt(2 * (Math.log(count) + 46));
  const step = Math.min(0.2, 0.2 / beta);
  const below = Math.ceil(9.5 / step);
  const above = Math.ceil(Math.min(9.5 + 2 * beta, reach) / step);
  const nodes = Float64Array.from({ length: below + above + 1 }, (_, j) => (j - below) * step);
  const weights = nodes.map((x) => (step / Math.sqrt(2 * Math.PI)) * Math.exp(-0.5 * x * x));
  const tails = weights.slice();
  for (let j = tails.length - 2; j >= 0; j--) tails[j] += tails[j + 1];
  return { nodes, weights, tails };
}

/**
 * Where the integrands over v differ from zero by more than 1e-17.
 *
 * Below: N (1 - phi) <= N e^{v + beta^2/2} by Markov's inequality, and also <= N (P(x > y) + e^{v + beta y}) for any y.
 * Above: phi <= P(x < -y) + exp(-e^{v - beta y}).
 */
function integrationRange(count: number, beta: number): [number, number] {
  const logCount = Math.log(count);
  const reach = Math.sqrt(2 * (logCount + 46));
  return [-(logCount + 40 + Math.min((beta * beta) / 2, beta * reach)), 5 + 9.5 * beta];
}
