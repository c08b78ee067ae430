/** Vector spins with random fields in random asymmetric couplings: closed forms at N -> infinity, closures, and chains. */
import { ExactMeans } from "../../physics/closure-errors.js";
import type { ClosureName } from "../../physics/closures.js";
import { besselRatio } from "../../reference/bessel.js";
import { dot, type Oracle, type OracleBench, realised, sharing, type StateResult } from "./bench.js";
import { readCase } from "./case-files.js";

/** Steps after which the second order has settled to 1e-3 R: it contracts to a third or less a step. */
const SETTLED = 8;

type Response = "exact" | "large-d";

/** R at D = 512, the unit of |x| and of the limits below. */
const LIMIT_RADIUS = Math.sqrt(512 / 2 - 1);

/** β, g (J_ij of variance g²/N) and |x|/R, with rms |m| of closures at N, D -> infinity in units of R at D = 512. */
const SETTINGS = {
  A: { key: "A_beta1", beta: 1, g: 1, norm: 1, limits: [7.0323, 6.1043, 6.1665, 6.2808] },
  B: { key: "B_beta2", beta: 2, g: 1, norm: 1, limits: [10.653, 5.9689, 8.563, 9.2195] },
  // βg = 2 is critical for naive, which gets to its 2.357 like a power of 1/t.
  C: { key: "C_J2_x1", beta: 1, g: 2, norm: 1 / LIMIT_RADIUS, limits: [2.357, 0.2885, 0.2887, 0.3929] },
} as const;
type Setting = (typeof SETTINGS)[keyof typeof SETTINGS];

/** In the order of their cost: closures, their column in `limits` if they have one, and their names in mc_ground_truth. */
const CLOSURES = [
  ["gaussian-field", "exact", undefined, "gaussian_field_exactphi"],
  ["gaussian-field", "large-d", 3, "gaussian_field"],
  ["onsager", "large-d", 2, "tap_leading"],
  ["naive", "large-d", 0, "naive"],
  ["tap-published", "large-d", 1, "tap_published"],
  ["tap", "large-d", 2, "tap_strict"],
] as const satisfies readonly (readonly [ClosureName, Response, number | undefined, string])[];

interface GroundTruth {
  results: Record<Setting["key"], { mc_rms_norm: number } & Record<string, { rel_sq_err_signed: number }>>;
}

const systemOf = ({ beta, g, norm }: Setting, sites: number, dimension: number, response: Response) => ({
  spins: { kind: "sphere", count: sites, dimension, response },
  beta,
  couplings: { kind: "gaussian", std: g },
  field: { kind: "direction", norm },
  seed: 8,
});

const radiusOf = (dimension: number) => Math.sqrt(dimension / 2 - 1);
const rms = ({ state }: Pick<StateResult, "state">, sites: number, dimension: number) =>
  Math.sqrt(dot(state, state) / sites) / radiusOf(dimension);

/**
 * rms |m|/R of naive (large-d) where βg = 2 is critical, for samples whose βg is one standard deviation, 1/√N, lower or higher:
 * q = (β² n²)/(1 + √(1 + β² n²))² with n² = ξ² + g² q, all in units of R.
 */
function criticalNorms({ beta, g, norm }: Setting, sites: number): [number, number] {
  const settled = (strength: number) => {
    let q = 0;
    for (let t = 0; t < 10_000; t++) {
      const square = beta ** 2 * (norm ** 2 + strength ** 2 * q);
      q = square / (1 + Math.sqrt(1 + square)) ** 2;
    }
    return Math.sqrt(q);
  };
  return [settled(g * (1 - 1 / Math.sqrt(sites))), settled(g * (1 + 1 / Math.sqrt(sites)))];
}

/** rms |m|/R of gaussian-field with the exact response at N -> infinity. */
function gaussianFieldLimit({ beta, g, norm }: Setting, dimension: number): number {
  const a = besselRatio(dimension, beta * radiusOf(dimension) ** 2 * Math.hypot(norm, g));
  return (a * norm) / Math.sqrt(norm ** 2 + g ** 2 * (1 - a ** 2));
}

/**
 * Chains and steady states of one setting: rms |m| against the closed forms, and how far each closure is from the exact dynamics
 * against mc_ground_truth, whose closures are those of one sample and whose single chain is as long as these together.
 */
async function oneSetting(bench: OracleBench, name: keyof typeof SETTINGS): Promise<void> {
  const setting = SETTINGS[name];
  const published = readCase<GroundTruth>("bal/mc_ground_truth").results[setting.key];
  const large = bench.size === "large";
  const [sites, dimension] = bench.sized([bench.allow(128, 256), 64], [1024, 512]);
  const label = `setting ${name}, N ${sites}, D ${dimension}`;
  // What one sample of J and x adds: 0.5 % at N = 1024, D = 512, and 2 % in C; it falls like 1/√N.
  const disorder = (name === "C" ? 0.02 : 0.005) * Math.sqrt(1024 / sites);
  const settings = {
    chains: bench.allow(4, 8),
    burnIn: 15,
    steps: bench.sized(25, name === "C" ? 90 : 45),
    start: "given",
  } as const;
  const { chainMeans = [] } = await bench.sample(systemOf(setting, sites, dimension, "exact"), {
    ...settings,
    chainMeans: true,
  });
  const exact = new ExactMeans(chainMeans, sites * radiusOf(dimension) ** 2);
  const sampled = Math.sqrt(exact.overlap);
  // The Gaussian field is 0.15/D high.
  const limit = gaussianFieldLimit(setting, dimension);
  const spread = (4 * exact.overlapStandardError) / (2 * sampled) + (disorder + 0.15 / dimension) * limit;
  bench.within(`rms |m|/R of chains, ${label}`, sampled, limit, spread);
  for (const [closure, response, column, key] of CLOSURES) {
    // Inner iterations cost up to two hundred products a step, and what they converge to at D = 64 is not the limit yet.
    const iterated = closure === "tap" || closure === "tap-published";
    // Naive is at its critical point, where rms |m| differs from sample to sample (no error of it is known, but |m_naive - m| lies
    // between the difference and the sum of the two norms) and settles like a power of 1/t: 2.51 here after
    // 60 steps and 2.43 in the end, 1.93 after 20 and 1.99 after 600 in mc_ground_truth. Chains have 0.39.
    const critical = closure === "naive" && name === "C";
    if ((iterated || critical) && !large) continue;
    const run = iterated ? { steps: SETTLED } : critical ? { steps: 60 } : { steady: {} };
    const found = await bench.run(systemOf(setting, sites, dimension, response), { closure, run });
    const settled = critical || found.status === "converged" || (iterated && found.residual < 1e-3);
    const of = `${closure}, ${response}, ${label}${settled ? "" : ", not settled"}`;
    const { error, errorStandardError, belowNoise } = exact.errorOf(found.state);
    if (critical) {
      const [low, high] = criticalNorms(setting, sites).map((norm) => norm / sampled);
      bench.between(`relative error of ${of}`, error, low - 1, high + 1);
      continue;
    }
    const expected = column === undefined ? limit : setting.limits[column] / LIMIT_RADIUS;
    bench.within(`rms |m|/R of ${of}`, rms(found, sites, dimension), expected, disorder * expected);
    // In the small size a large-d response is 2 % off by itself, and in C the noise is as large as what is looked for.
    if (!large && (response === "large-d" || name === "C")) continue;
    const wanted = Math.sqrt(Math.max(0, published[key].rel_sq_err_signed));
    const width = (belowNoise ? 4 : 8) * errorStandardError + disorder;
    bench.within(`relative error of ${of}`, error, wanted, width);
  }
}

/** rms |m| of the exact dynamics at N -> infinity in settings A and B, by the equation for Q at any D. */
const EXACT = { 3: [0.1145, 0.2124], 8: [0.5625, 0.8848], 16: [0.9572, 1.4485], 64: [2.1488, 3.1757] } as const;

async function exactTheory(bench: OracleBench): Promise<void> {
  const sites = 1024;
  const dimensions = bench.sized<readonly (keyof typeof EXACT)[]>([3], [3, 8, 16, 64]);
  for (const dimension of dimensions) {
    const pair = [SETTINGS.A, SETTINGS.B].map((setting) => systemOf(setting, sites, dimension, "exact"));
    const batch = sharing(await Promise.all(pair.map((input) => realised(input))));
    const settings = { chains: bench.allow(3, 4), burnIn: 8, steps: bench.sized(bench.allow(15, 40), 100) };
    const [results] = await bench.sampleBatch(batch, { ...settings, start: "given", chainMeans: true });
    results.forEach(({ chainMeans = [] }, k) => {
      const { overlap } = new ExactMeans(chainMeans, sites);
      // 1 % at N = 1024. The Gaussian field is 5 % high at D = 3 and 1.9 % at D = 8.
      const expected = EXACT[dimension][k];
      bench.within(`rms |m| of chains, D ${dimension}, beta ${k + 1}`, Math.sqrt(overlap), expected, 0.01 * expected);
    });
  }
}

export const randomVectorOracles: readonly Oracle[] = [
  ...(Object.keys(SETTINGS) as (keyof typeof SETTINGS)[]).map((name) => ({
    id: `I1${name.toLowerCase()}`,
    title: `closures and chains of vector spins in random couplings, setting ${name}`,
    reference: "12.3; mc_ground_truth",
    run: (bench: OracleBench) => oneSetting(bench, name),
  })),
  {
    id: "I1d",
    title: "chains of vector spins against the theory at any D",
    reference: "12.3",
    run: exactTheory,
  },
];
