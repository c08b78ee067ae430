/**
 * The float64 check of one Monte Carlo step: the spins that the device draws from given spins, drawn again on the CPU for some rows
 * by the same counters, from a field that is summed in float64.
 */
import { batchOf } from "../engine/batch.js";
import { ChainSampler, samplerBytes } from "../engine/chain-sampler.js";
import { Chains, type PointIdentity } from "../engine/chains.js";
import type { Executor } from "../engine/executor.js";
import type { System } from "../engine/realise.js";
import { glauberMargin, glauberSpin, glauberWords } from "../reference/binary-sample.js";
import { chainKey } from "../reference/random.js";
import { vonMisesFisherSpin } from "../reference/sphere-sample.js";
import { FLOAT64, FLOAT64_OF_F32, PLAIN } from "./arithmetic.js";
import { evaluateFieldRows } from "./step-rows.js";
import { chooseRows, type VerificationOptions, type VerificationReport } from "./verify-step.js";

/** Largest difference of a sphere spin that rounding explains, in units of R, beside that of its field. */
const SPIN_ROUNDING = { f32: 1e-5, f64: 1e-11 } as const;

/** What rounding may move the threshold of a binary spin by, beside the error of its field. */
const THRESHOLD_ROUNDING = { f32: 3e-7, f64: 1e-12 } as const;

/**
 * Repeats step number `step` of the first chain of a point, from the spins `system.initial`.
 * A binary spin may differ where its uniform number lies within rounding of the threshold: one in 10^6 does.
 */
export async function verifySample(
  executor: Executor,
  system: System,
  at: { readonly identity: PointIdentity; readonly step: number },
  options: VerificationOptions,
): Promise<VerificationReport> {
  const { sites, heads, spins } = system;
  const { precision, name } = executor.device;
  const drawn = await drawStep(executor, system, at, options);
  const rows = chooseRows(sites, options.rows, options.seed);
  const exact = evaluateFieldRows(system, rows, precision === "f32" ? FLOAT64_OF_F32 : FLOAT64);
  const plain = evaluateFieldRows(system, rows, PLAIN.f32);
  const load = precision === "f32" ? Math.fround : (value: number) => value;
  const width = heads * spins.components;
  const words = new Uint32Array(4);
  const errors: number[] = [];
  let allowed: number = SPIN_ROUNDING[precision];
  rows.forEach((site, r) => {
    const beta = system.betas?.[site] ?? system.beta;
    for (let head = 0; head < heads; head++) {
      const from = r * width + head * spins.components;
      const h = exact.subarray(from, from + spins.components);
      const found = drawn.subarray(site * width + head * spins.components);
      const key = chainKey({ ...at.identity, chain: 0, head });
      const shift = h.reduce((worst, value, k) => Math.max(worst, Math.abs(value - plain[from + k])), 0);
      const moved = 2 * beta * spins.radius * shift;
      if (spins.kind === "binary") {
        glauberWords(Math.floor(site / 4), at.step, key, words);
        const a = load(beta) * h[0];
        const differs = glauberSpin(a, words[site % 4]) !== found[0];
        const near = Math.abs(glauberMargin(a, words[site % 4])) <= moved + THRESHOLD_ROUNDING[precision];
        errors.push(differs && !near ? 2 : 0);
      } else {
        const place = { beta: load(beta), radius: load(spins.radius), site, step: at.step, chainKey: key };
        const { spin } = vonMisesFisherSpin(h, place);
        errors.push(spin.reduce((worst, value, k) => Math.max(worst, Math.abs(value - found[k]) / spins.radius), 0));
        allowed = Math.max(allowed, moved + SPIN_ROUNDING[precision]);
      }
    }
  });
  const maximumError = errors.reduce((worst, error) => (error <= worst ? worst : error), 0);
  return {
    quantity: `the spins of step ${at.step} of a chain, drawn again from the spins before`,
    start: "given",
    checked: `${precision} of ${name}`,
    rows: rows.length,
    sites,
    unsolved: 0,
    seed: options.seed,
    maximumError,
    rmsError: Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length),
    plainMaximumError: 0,
    plainRmsError: 0,
    plainPrecision: "f32",
    allowed,
    pass: maximumError <= allowed,
  };
}

/** The spins of all sites after one step, [N][heads · D]. */
async function drawStep(
  executor: Executor,
  system: System,
  { identity, step }: { readonly identity: PointIdentity; readonly step: number },
  { strategy = "auto" }: VerificationOptions,
): Promise<Float64Array> {
  const chains = new Chains(batchOf(system), 1, () => identity);
  const { layout } = chains;
  const measured = { overlap: false, scalars: false, production: false, correlationBlocks: 0, response: false };
  const bytes = samplerBytes(chains, measured, executor.elementBytes);
  const sampler = new ChainSampler(executor, chains, measured, bytes, strategy);
  const packed = layout.pack((point) => point.initial);
  const [spins, next] = [executor.upload("spins", packed), executor.allocate("spins", packed.length)];
  try {
    sampler.record(step, spins, next);
    return layout.unpack(await executor.read(next), 0, 0);
  } finally {
    sampler.dispose();
    executor.free(spins, next);
  }
}
