/**
 * Retrieval in the Hopfield model with alpha N random patterns, replica symmetric, N -> infinity:
 *
 *     T > 0   m = int Dz tanh beta (m + sigma z),  q = int Dz tanh^2,  sigma^2 = alpha r,  r = q/(1 - beta (1-q))^2
 *     T = 0   erf(y) = y (sqrt(2 alpha) + (2/sqrt(pi)) exp(-y^2)),  m = erf(y)
 *
 * Solved along sigma: m(sigma) is the one stable root of a concave map, alpha(sigma) = sigma^2 (1 - beta (1-q))^2 / q
 * rises from 0 to the capacity and falls again, and retrieval is the rising part. Source: Amit, Gutfreund & Sompolinsky,
 * PRL 55, 1530 (1985).
 */
import { curieWeissMagnetization } from "./curie-weiss.js";
import { erf } from "./error-function.js";
import { gaussianAverage } from "./quadrature.js";
import { findRoot, positiveFixedPoint } from "./root.js";
import { sech2 } from "../hyperbolic.js";

/** sigma at which retrieval ends at T = 0, and an upper bound of it at any T: sqrt(2/pi). */
const LARGEST_NOISE = Math.sqrt(2 / Math.PI);

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Overlap m with the retrieved pattern.
 *
 * @param load alpha >= 0, patterns per spin
 * @param temperature T >= 0
 * @returns m in [0, 1]; 0 above the capacity, where there is no retrieval state
 */
export function hopfieldMagnetization(load: number, temperature: number): number {
  if (load === 0) return curieWeissMagnetization(temperature);
  // What a temperature this low changes is less than the last digit.
  if (temperature < 1e-14) return groundStateMagnetization(load);
  if (temperature >= 1) return 0;
  // Any sigma with at least this load is an upper end: alpha crosses it once on the way there.
  const end = largestLoad((noise) => loadOf(noise, temperature), load);
  if (load > end.load) return 0;
  const noise = findRoot((sigma) => loadOf(sigma, temperature) - load, 0, end.noise);
  return magnetizationAt(noise, temperature);
}

/**
 * The largest alpha at which there is a retrieval state: the spinodal, alpha_c = 0.1379056 at T = 0.
 *
 * @param temperature T >= 0
 * @returns alpha; 0 for T >= 1
 */
export function hopfieldCapacity(temperature: number): number {
  if (temperature >= 1) return 0;
  if (temperature < 1e-14) return groundStateNoise(groundStateCapacity()) ** 2 / 2;
  return largestLoad((noise) => loadOf(noise, temperature)).load;
}

/** alpha as a function of the noise sigma; 0 where m(sigma) is. */
function loadOf(noise: number, temperature: number): number {
  const m = magnetizationAt(noise, temperature);
  if (noise === 0 || m === 0) return 0;
  const [mean, deviation] = [m / temperature, noise / temperature];
  const variance = gaussianAverage(sech2, mean, deviation); // 1 - q
  const susceptibility = variance / temperature;
  return (noise * (1 - susceptibility)) ** 2 / (1 - variance);
}

function magnetizationAt(noise: number, temperature: number): number {
  if (noise === 0) return curieWeissMagnetization(temperature);
  const deviation = noise / temperature;
  if (!(gaussianAverage(sech2, 0, deviation) > temperature)) return 0;
  return positiveFixedPoint((m) => gaussianAverage(Math.tanh, m / temperature, deviation));
}

/** Golden-section search for the one maximum of alpha(sigma), or for any point of at least the load `enough`. */
function largestLoad(loadAt: (noise: number) => number, enough = Infinity): { noise: number; load: number } {
  let [from, to] = [0, LARGEST_NOISE];
  let [left, right] = [to - GOLDEN * (to - from), from + GOLDEN * (to - from)];
  let [leftLoad, rightLoad] = [loadAt(left), loadAt(right)];
  while (to - from > 1e-9 && Math.max(leftLoad, rightLoad) < enough) {
    // Where both are 0, the maximum lies below.
    if (leftLoad >= rightLoad) {
      [to, right, rightLoad] = [right, left, leftLoad];
      left = to - GOLDEN * (to - from);
      leftLoad = loadAt(left);
    } else {
      [from, left, leftLoad] = [left, right, rightLoad];
      right = from + GOLDEN * (to - from);
      rightLoad = loadAt(right);
    }
  }
  return leftLoad >= rightLoad ? { noise: left, load: leftLoad } : { noise: right, load: rightLoad };
}

function groundStateMagnetization(load: number): number {
  const capacity = groundStateCapacity();
  const target = Math.sqrt(2 * load);
  if (target > groundStateNoise(capacity)) return 0;
  return erf(findRoot((y) => groundStateNoise(y) - target, capacity, 1 / target));
}

/** sqrt(2 alpha) as a function of y. */
function groundStateNoise(y: number): number {
  return erf(y) / y - (2 / Math.sqrt(Math.PI)) * Math.exp(-y * y);
}

/** y at the capacity, where the slope of the noise vanishes. */
function groundStateCapacity(): number {
  const slope = (y: number): number => (2 / Math.sqrt(Math.PI)) * Math.exp(-y * y) * y * (1 + 2 * y * y) - erf(y);
  return findRoot(slope, 1, 3);
}
