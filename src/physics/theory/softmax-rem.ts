/**
 * Softmax of independent Gaussian scores: a random energy model, solved exactly at every N.
 *
 * One row holds N scores beta x_i with x_i independent N(0, 1), and alpha = softmax(beta x). With
 * phi(t) = E exp(-t e^{beta x}) and t = e^v,
 *
 *     E ln Z              = gamma (k-1) + int dv ( exp(-e^{v/k}) - phi^N ),   any k > 0; gamma Euler's constant
 *     E sum alpha_i^2     = N int dv E[ w^2 e^{-w} ] phi^{N-1},   w = e^{v + beta x}
 *     E sum alpha_i x_i   = beta (1 - E sum alpha_i^2)
 *     E entropy           = -N int dv E[ w (ln w + gamma) e^{-w} ] phi^{N-1}
 *
 * Sources: Derrida, PRB 24, 2613 (1981); Giorlandino & Goldt, arXiv:2505.24333. The third line is Gaussian integration
 * by parts; the last is -d/ds of E sum alpha_i^s = (N / Gamma(s)) int dv E[ w^s e^{-w} ] phi^{N-1} at s = 1, and equals
 * E ln Z - beta^2 (1 - E sum alpha_i^2) without its cancellation where one key has almost all.
 */

const EULER_GAMMA = 0.5772156649015329;

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
 * Both integrals by the trapezoid rule. In beta x the integrands are analytic in a strip of half width pi/2, so a step of
 * 0.2 leaves an error near 1e-21; in v the strip widens with beta. Milliseconds; half a second at beta = 1e4.
 *
 * @param count keys N in a row, >= 1
 * @param beta standard deviation of the scores, >= 0
 */
export function softmaxRowAverages(count: number, beta: number): SoftmaxRowAverages {
  if (count === 1) return { logPartition: 0, participation: 1, entropy: 0, meanScore: 0 };
  if (beta === 0) {
    const logCount = Math.log(count);
    return { logPartition: logCount, participation: 1 / count, entropy: logCount, meanScore: 0 };
  }
  const { nodes, weights, tails } = normalGrid(count, beta);
  // For steep scores phi is a function of v/beta, whose N-th power has a strip of half width pi / (2 sqrt(2 ln N)).
  const stretch = Math.max(1, beta / 10);
  const step = 0.2 * stretch;
  const [start, end] = integrationRange(count, beta, stretch);
  let logPartition = 0;
  let participation = 0;
  let entropy = 0;
  // Below e^negligible, even N of them add nothing to 1 - phi.
  const negligible = -50 - Math.log(count);
  for (let k = 0; start + k * step <= end; k++) {
    const v = start + k * step;
    // Where w > e^5, 1 - e^-w is 1 to the last bit. Nodes ascend in x.
    const first = Math.max(0, Math.ceil(((negligible - v) / beta - nodes[0]) / (nodes[1] - nodes[0])));
    let complement = 0; // 1 - phi
    let second = 0; // E w^2 e^-w
    let logarithmic = 0; // E w (ln w + gamma) e^-w
    for (let j = first; j < nodes.length; j++) {
      const exponent = v + beta * nodes[j];
      if (exponent > 5) {
        complement += tails[j];
        break;
      }
      const w = Math.exp(exponent);
      const missing = Math.expm1(-w);
      complement -= weights[j] * missing;
      const single = weights[j] * w * (1 + missing);
      second += single * w;
      logarithmic += single * (exponent + EULER_GAMMA);
    }
    const logPhi = Math.log1p(-Math.min(complement, 1));
    const others = Math.exp((count - 1) * logPhi);
    // exp(-e^{v/k}) - phi^N, as a difference of two complements: each is small where v is very negative.
    logPartition += Math.expm1(-Math.exp(v / stretch)) - Math.expm1(count * logPhi);
    participation += second * others;
    entropy -= logarithmic * others;
  }
  logPartition = logPartition * step + EULER_GAMMA * (stretch - 1);
  participation *= count * step;
  return {
    logPartition,
    participation,
    entropy: entropy * count * step,
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
function integrationRange(count: number, beta: number, stretch: number): [number, number] {
  const logCount = Math.log(count);
  const reach = Math.sqrt(2 * (logCount + 46));
  return [-(logCount + 40 * stretch + Math.min((beta * beta) / 2, beta * reach)), 5 + 9.5 * beta];
}
